/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Counters of /proc/net/rsess_stat.  One line here is all that a new one needs;
 * whoever includes this says what a line is.
 */
RSESS_MIB(SESSIONS_DIALED, "SessionsDialed")	/* connect() agreed on a session */
RSESS_MIB(SESSIONS_ACCEPTED, "SessionsAccepted")	/* HELLO made a session */
RSESS_MIB(SESSIONS_CLOSED, "SessionsClosed")	/* ended in order */
RSESS_MIB(SESSIONS_FAILED, "SessionsFailed")	/* ended by ABORT, timeout or cut */
RSESS_MIB(DIALS, "Dials")	/* transports opened, first and later */
RSESS_MIB(DIALS_FAILED, "DialsFailed")	/* that did not come up */
RSESS_MIB(DIALS_DELAYED, "DialsDelayed")	/* waited in line, over max_redials */
RSESS_MIB(TRANSPORTS_LOST, "TransportsLost")	/* live transports that ended */
RSESS_MIB(RESUMES, "Resumes")	/* transports attached by RESUME */
RSESS_MIB(RETRANS_BYTES, "RetransBytes")	/* bytes sent again after RESUME */
RSESS_MIB(DUPLICATE_BYTES, "DuplicateBytes")	/* bytes received again and dropped */
RSESS_MIB(DISCARDED_BYTES, "DiscardedBytes")	/* bytes received after close() */
RSESS_MIB(ACKS_SENT, "AcksSent")	/* acknowledgments in their own frame */
RSESS_MIB(PINGS_SENT, "PingsSent")	/* probes of a silent transport */
RSESS_MIB(STALLS, "Stalls")	/* transports given up for silence */
RSESS_MIB(HELLO_REPEATED, "HelloRepeated")	/* HELLO of a known session, answered */
RSESS_MIB(HELLO_UNCONFIRMED, "HelloUnconfirmed")	/* sessions that no dialer stood behind */
RSESS_MIB(HELLO_REFUSED, "HelloRefused")	/* HELLO that opened nothing */
RSESS_MIB(HELLO_AUTH, "HelloAuth")	/* HELLO or WELCOME without the pre-shared key */
RSESS_MIB(RESUME_UNKNOWN, "ResumeUnknown")	/* RESUME of no session here */
RSESS_MIB(UNKNOWN_RETRIED, "UnknownRetried")	/* the peer did not know it, RSESS_RETRY_UNKNOWN */
RSESS_MIB(RESUME_AUTH, "ResumeAuth")	/* RESUME or RESUMED with wrong MAC */
RSESS_MIB(RESUME_STALE, "ResumeStale")	/* RESUME of an old epoch */
RSESS_MIB(RESUME_EXCESS, "ResumeExcess")	/* over max_resumes, sent away */
RSESS_MIB(RESUMES_DELAYED, "ResumesDelayed")	/* over max_resumes, waited for the next second */
RSESS_MIB(RESUME_ELSEWHERE, "ResumeElsewhere")	/* RESUME at another user's listener */
RSESS_MIB(RESUME_RANGE, "ResumeRange")	/* resume offset never sent or confirmed */
RSESS_MIB(RESUME_TOMBSTONE, "ResumeTombstone")	/* RESUME of an ended session, answered */
RSESS_MIB(FRAMES_MALFORMED, "FramesMalformed")	/* refused by the codec */
RSESS_MIB(FRAMES_UNEXPECTED, "FramesUnexpected")	/* well formed, wrong for the state */
RSESS_MIB(FRAMES_FORGED, "FramesForged")	/* not from who has the session */
RSESS_MIB(FRAMES_IDLE, "FramesIdle")	/* carried nothing, over max_idle_frames */
RSESS_MIB(ABORTS_SENT, "AbortsSent")	/* ABORT frames sent */
RSESS_MIB(ABORTS_RECEIVED, "AbortsReceived")	/* ABORT frames received */
RSESS_MIB(HANDSHAKE_TIMEOUTS, "HandshakeTimeouts")	/* transports that never became live */
RSESS_MIB(HANDSHAKES_LOST, "HandshakesLost")	/* connections that ended before a first frame */
RSESS_MIB(SESSION_TIMEOUTS, "SessionTimeouts")	/* sessions without transport too long */
RSESS_MIB(ORPHAN_TIMEOUTS, "OrphanTimeouts")	/* orphans without progress */
RSESS_MIB(ORPHANS_DROPPED, "OrphansDropped")	/* over max_orphans, or out of memory */
RSESS_MIB(PENDING_FULL, "PendingFull")	/* max_pending reached, new transports wait */
RSESS_MIB(PENDING_SOURCE, "PendingSource")	/* too many of one address */
RSESS_MIB(PENDING_DROPPED, "PendingDropped")	/* given up for newer ones */
RSESS_MIB(LISTENERS_DROPPED, "ListenersDropped")	/* over max_retained, oldest first */
RSESS_MIB(LISTENERS_RECALLED, "ListenersRecalled")	/* opened for dialers who ask tombstones */
RSESS_MIB(EARLY_FULL, "EarlyFull")	/* sessions that had max_early_bytes before accept() */
RSESS_MIB(ERRORS_EXCEEDED, "ErrorsExceeded")	/* sessions ended for max_errors */
RSESS_MIB(SESSIONS_REFUSED, "SessionsRefused")	/* new sessions over max_sessions */
RSESS_MIB(TOMBSTONES_DROPPED, "TombstonesDropped")	/* over max_tombstones, oldest first */
RSESS_MIB(ACCEPT_QUEUE_FULL, "AcceptQueueFull")	/* HELLO waits for accept() */
RSESS_MIB(PARKED_FULL, "ParkedFull")	/* sent away: too many wait for accept() */
RSESS_MIB(LINGER_TAKEN, "LingerTaken")	/* queue taken over within listen_linger */
RSESS_MIB(LINGER_EXPIRED, "LingerExpired")	/* nobody came within listen_linger */
RSESS_MIB(FALLBACK_PEER, "FallbackPeer")	/* plain: the peer has no session layer */
RSESS_MIB(FALLBACK_NO_HELLO, "FallbackNoHello")	/* plain: it asked for one, but sent no HELLO */
RSESS_MIB(FALLBACK_BLACKHOLE, "FallbackBlackhole")	/* plain: it gets no SYN with an option */
RSESS_MIB(FALLBACK_SYN_LOST, "FallbackSynLost")	/* plain: this time the option was lost */
RSESS_MIB(BLACKHOLES, "Blackholes")	/* and not for the first time: no SYN has it for a while */
RSESS_MIB(FALLBACK_OFF, "FallbackOff")	/* plain: RSESS_NEGOTIATE is off here */
RSESS_MIB(FALLBACK_DRAIN, "FallbackDrain")	/* plain: no new sessions are wanted here */
RSESS_MIB(SYN_OPTION_LOST, "SynOptionLost")	/* resumes answered without the option */
RSESS_MIB(PEERS_REPLACED, "PeersReplaced")	/* and so often that there is another service */
RSESS_MIB(OFFERS_DROPPED, "OffersDropped")	/* SYNs of which too many are on the way */
RSESS_MIB(MEMORY_SHORT, "MemoryShort")	/* allocation failed, tried again */
