/* SPDX-License-Identifier: GPL-2.0 */
/* The version of the modules.  CHANGELOG.md and debian/changelog begin with it. */
#ifndef _RSESS_VERSION_H
#define _RSESS_VERSION_H

#define RSESS_MODULE_VERSION	"0.1.0"

#endif /* _RSESS_VERSION_H */
