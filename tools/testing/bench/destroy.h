/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _RSESS_BENCH_DESTROY_H
#define _RSESS_BENCH_DESTROY_H

int destroy_port(int port);

#endif /* _RSESS_BENCH_DESTROY_H */
