# SPDX-License-Identifier: GPL-2.0
# shellcheck shell=bash disable=SC2154
#
# What is left behind in memory by a great number of things that are over.  Source
# this file.  $dir: a directory; what is measured goes to "before" and "after".

# measure FILE: objects of each slab cache, how many of them may only seem to be
# in use, and pages in use.  All objects of a slab that a processor has to itself
# count as in use.
measure() {
	local cache merged

	sync
	echo 3 >/proc/sys/vm/drop_caches
	for cache in /sys/kernel/slab/*; do
		case ${cache##*/} in
		kmalloc-* | RSESS* | rsess* | TCP | TCPv6 | SCTP | SCTPv6 | \
		MPTCP | MPTCPv6 | AF_VSOCK | \
		sock_inode_cache | \
		skbuff_* | net_namespace | request_sock_*)
			echo 1 >"$cache/shrink"
			merged=
			[ ! -L "$cache" ] || merged=merged-
			echo "$merged${cache##*/}" \
				"$(cut -d' ' -f1 "$cache/objects")" \
				$(($(cat "$cache/objs_per_slab") * $(nproc))) ;;
		esac
	done >"$1" 2>/dev/null
	awk '$1 == "MemTotal:" { n += $2 }
	     $1 == "MemFree:" || $1 == "Cached:" || $1 == "Buffers:" ||
	     $1 == "SReclaimable:" { n -= $2 }
	     END { print "KiB-in-use", n }' /proc/meminfo >>"$1"
}

# Growth beyond what may be chance. A leak per reset or transfer is far above.
grown() {
	awk -v n="$1" '
		NR == FNR { before[$1] = $2; next }
		{
			limit = n / 4 > 150 ? n / 4 : 150
			if ($3 > limit)
				limit = $3
			if ($1 ~ /^(RSESS|rsess|net_namespace)/)
				limit = 0
			if ($1 == "KiB-in-use")
				limit = 32768
			if ($2 - before[$1] > limit)
				print $1 " +" $2 - before[$1]
		}' "$dir/before" "$dir/after"
}

# How many objects and KiB in all.
left_over() {
	awk 'NR == FNR { before[$1] = $2; next }
	     $2 > before[$1] { n += $2 - before[$1] }
	     END { print n + 0 }' "$dir/before" "$dir/after"
}

# What grew most, for the reader.
growth() {
	awk 'NR == FNR { before[$1] = $2; next }
	     $2 > before[$1] { print $1 " +" $2 - before[$1] }' \
		"$dir/before" "$dir/after" | sort -t+ -k2,2nr | head -n 6 | tr '\n' ' '
}
