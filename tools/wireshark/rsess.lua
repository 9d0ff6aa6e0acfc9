-- SPDX-License-Identifier: GPL-2.0
--
-- Wireshark's dissector of the session protocol of AF_RSESS, over TCP and SCTP; see
-- protocol.rst. Put it into the directory of plugins, or
--
--	tshark -X lua_script:rsess.lua -o tcp.try_heuristic_first:TRUE \
--		-o sctp.try_heuristic_first:TRUE -r FILE
--
-- Without these preferences the dissector of a port that has one comes first. A connection
-- is known by its HELLO or RESUME; of one whose beginning was not captured: Decode As.
-- Wireshark runs no scripts for root.
--
-- Sessions are followed over their connections: rsess.session is a number of the capture,
-- rsess.id the session's own, rsess.connection counts its connections from 0. The bytes that
-- are new go to the dissector of the acceptor's port. Packets of SCTP are taken in the order
-- in which they were captured.

local rsess = Proto("rsess", "AF_RSESS session protocol")

local HDR = 32
local TAG = 16
local MAGIC = 0x52534553
local HELLO, WELCOME, RESUME, RESUMED, DATA, FIN, ABORT = 1, 2, 3, 4, 5, 7, 11
local OPTIONAL = 0x01
local DATA_MAX = 65536

local types = {
	[1] = "HELLO", [2] = "WELCOME", [3] = "RESUME", [4] = "RESUMED", [5] = "DATA",
	[6] = "ACK", [7] = "FIN", [8] = "STOP", [9] = "PING", [10] = "PONG", [11] = "ABORT",
}

-- The least and the most bytes of payload.
local lengths = {
	[1] = { 56, 512 }, [2] = { 40, 512 }, [3] = { 72, 72 }, [4] = { 48, 48 },
	[5] = { 1, DATA_MAX }, [6] = { 0, 0 }, [7] = { 0, 0 }, [8] = { 0, 0 },
	[9] = { 8, 8 }, [10] = { 8, 8 }, [11] = { 20, 20 },
}

local reasons = {
	[0] = "none", [1] = "unknown", [2] = "auth", [3] = "protocol", [4] = "version",
	[5] = "app", [6] = "admin", [7] = "resources", [8] = "timeout", [9] = "refused",
}

local f = {
	session = ProtoField.uint32("rsess.session", "Session of the capture"),
	id = ProtoField.string("rsess.id", "Id of the session"),
	connection = ProtoField.uint32("rsess.connection", "Connection of the session"),
	dialer = ProtoField.bool("rsess.dialer", "From the dialer"),
	type = ProtoField.uint8("rsess.type", "Type", base.DEC, types),
	flags = ProtoField.uint8("rsess.flags", "Flags", base.HEX),
	optional = ProtoField.bool("rsess.flags.optional", "OPTIONAL", 8, nil, 0x01),
	acknow = ProtoField.bool("rsess.flags.acknow", "ACKNOW", 8, nil, 0x02),
	urgent = ProtoField.bool("rsess.flags.urgent", "URGENT", 8, nil, 0x04),
	reserved = ProtoField.uint16("rsess.reserved", "Reserved", base.HEX),
	length = ProtoField.uint32("rsess.length", "Length of the payload"),
	seq = ProtoField.uint64("rsess.seq", "Offset"),
	ack = ProtoField.uint64("rsess.ack", "Acknowledged up to"),
	limit = ProtoField.uint64("rsess.limit", "Credit up to"),
	masked = ProtoField.bytes("rsess.masked", "Masked: offset, acknowledgment, credit"),
	magic = ProtoField.uint32("rsess.magic", "Magic", base.HEX),
	version = ProtoField.uint8("rsess.version", "Version"),
	version_min = ProtoField.uint8("rsess.version_min", "Oldest version"),
	version_max = ProtoField.uint8("rsess.version_max", "Newest version"),
	key = ProtoField.bytes("rsess.key", "Key"),
	epoch = ProtoField.bytes("rsess.epoch", "Masked: epoch"),
	nonce = ProtoField.bytes("rsess.nonce", "Nonce"),
	mac = ProtoField.bytes("rsess.mac", "MAC"),
	tlv = ProtoField.uint16("rsess.tlv", "TLV", base.DEC, { [1] = "MAC", [2] = "tags" }),
	tlv_value = ProtoField.bytes("rsess.tlv.value", "Value"),
	cookie = ProtoField.bytes("rsess.cookie", "Cookie"),
	reason = ProtoField.uint32("rsess.reason", "Reason", base.DEC, reasons),
	payload = ProtoField.bytes("rsess.payload", "Payload"),
	new = ProtoField.uint32("rsess.new", "Bytes that are new"),
	tag = ProtoField.bytes("rsess.tag", "Tag"),
}
rsess.fields = f

local e = {
	resume = ProtoExpert.new("rsess.resume", "The session goes on over this connection",
				 expert.group.SEQUENCE, expert.severity.NOTE),
	retransmission = ProtoExpert.new("rsess.retransmission", "Bytes that were sent before",
					 expert.group.SEQUENCE, expert.severity.NOTE),
	gap = ProtoExpert.new("rsess.gap", "Bytes before these were not captured",
			      expert.group.SEQUENCE, expert.severity.WARN),
	abort = ProtoExpert.new("rsess.abort", "The session is over",
				expert.group.SEQUENCE, expert.severity.WARN),
	malformed = ProtoExpert.new("rsess.malformed", "No frame of version 1",
				    expert.group.MALFORMED, expert.severity.ERROR),
}
rsess.experts = e

local tcp_stream = Field.new("tcp.stream")

-- Sessions by their id, connections by TCP's number or by their addresses, and what the first
-- look at a packet has found out, for later ones: it depends on the packets before.
local sessions, nsessions, connections, remembered

function rsess.init()
	sessions, nsessions, connections, remembered = {}, 0, {}, {}
end

local function before(a, b)
	return (a - b):higher() >= 0x80000000
end

local function source(pinfo)
	return tostring(pinfo.src) .. " " .. pinfo.src_port
end

-- SCTP has a number for its associations only if it was told so.
local function key_of(pinfo)
	local stream = tcp_stream()

	if stream then
		return "tcp " .. stream.value
	end
	local a, b = source(pinfo), tostring(pinfo.dst) .. " " .. pinfo.dst_port

	return "sctp " .. (a < b and a .. " " .. b or b .. " " .. a)
end

local function get_connection(pinfo)
	local key = key_of(pinfo)

	if not connections[key] then
		connections[key] = { pending = {} }
	end
	return connections[key]
end

-- The sender of HELLO and RESUME is the dialer, of all connections of the session.
local function attach(conn, id, pinfo)
	local session = sessions[id]

	if not session then
		session = { number = nsessions, connections = 0, next = {} }
		nsessions = nsessions + 1
		sessions[id] = session
	end
	conn.session = session
	conn.id = id
	conn.number = session.connections
	session.connections = session.connections + 1
	conn.dialer = source(pinfo)
	conn.port = pinfo.dst_port
end

local function from_dialer(conn, pinfo)
	return conn.dialer == source(pinfo)
end

-- Can a frame begin here? Its header is there.
local function may_begin(tvb, at)
	local kind = tvb(at, 1):uint()
	local flags = tvb(at + 1, 1):uint()
	local length = tvb(at + 4, 4):uint()
	local range = lengths[kind]

	if flags > 7 or tvb(at + 2, 2):uint() ~= 0 then
		return false
	end
	if not range then
		return flags % 2 == OPTIONAL and length <= DATA_MAX
	end
	return length >= range[1] and length <= range[2]
end

local function is_hello(tvb)
	return tvb:len() >= HDR + 4 and tvb(0, 1):uint() == HELLO and may_begin(tvb, 0) and
	       tvb(HDR, 4):uint() == MAGIC
end

local function is_resume(tvb)
	return tvb:len() >= HDR and tvb(0, 1):uint() == RESUME and may_begin(tvb, 0) and
	       tvb(1, 1):uint() == 0
end

-- Which types have a tag, where there are tags.
local function type_is_tagged(kind)
	return kind ~= ABORT and (kind < HELLO or kind > RESUMED)
end

-- Has this frame a tag? Of a session whose beginning was not captured the next header tells.
local function is_tagged(conn, tvb, at, size)
	local session = conn.session

	if not session or not type_is_tagged(tvb(at, 1):uint()) then
		return false
	end
	if session.tagged == nil then
		local behind = tvb:len() - at - size

		if behind >= HDR and may_begin(tvb, at + size) then
			session.tagged = false
		elseif behind == TAG or
		       (behind >= TAG + HDR and may_begin(tvb, at + size + TAG)) then
			session.tagged = true
		end
	end
	return session.tagged == true
end

-- What HELLO and WELCOME agree on. Both sides have to want tags.
local function note_tags(session, kind, wanted)
	if kind == HELLO then
		session.asked = wanted
	else
		session.tagged = (session.asked and wanted) or false
	end
end

local function dissect_tlvs(tvb, at, last, tree)
	local tags = false

	while at + 4 <= last do
		local kind, length = tvb(at, 2):uint(), tvb(at + 2, 2):uint()

		if at + 4 + length > last then
			break
		end
		local item = tree:add(f.tlv, tvb(at, 2))

		if length > 0 then
			item:add(f.tlv_value, tvb(at + 4, length))
		end
		if kind == 2 and length > 0 and tvb(at + 4, 1):uint() == 1 then
			tags = true
		end
		at = at + 4 + length
	end
	return tags
end

-- Takes each byte of a direction once. Returns how many of these are new, and whether some
-- before them are missing.
local function follow(session, dialer, seq, len)
	local want = session.next[dialer]
	local last = seq + UInt64(len)

	if not want or before(want, seq) then
		session.next[dialer] = last
		return len, want ~= nil
	end
	if not before(want, last) then
		return 0, false
	end
	session.next[dialer] = last
	return (last - want):tonumber(), false
end

-- note(key, make): what "make" has returned when it was called first
local function note(pinfo, key, make)
	local packet = remembered[pinfo.number]

	if not packet then
		packet = {}
		remembered[pinfo.number] = packet
	end
	if packet[key] == nil then
		packet[key] = make()
	end
	return packet[key]
end

local function call_subdissector(conn, tvb, pinfo, tree)
	local tables = DissectorTable.get(tcp_stream() and "tcp.port" or "sctp.port")
	local dissector = conn.port and tables:get_dissector(conn.port)
	local can = pinfo.can_desegment

	if not dissector or tostring(dissector) == "rsess" then
		dissector = Dissector.get("data")
	end
	-- It sees one frame after the other, whatever it asks for.
	pinfo.can_desegment = 0
	dissector:call(tvb, pinfo, tree)
	pinfo.can_desegment = can
	pinfo.desegment_len = 0
	pinfo.desegment_offset = 0
end

local dissect_payload = {}

dissect_payload[HELLO] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.magic, tvb(at, 4))
	tree:add(f.version_min, tvb(at + 4, 1))
	tree:add(f.version_max, tvb(at + 5, 1))
	tree:add(f.key, tvb(at + 24, 32))
	note_tags(conn.session, HELLO, dissect_tlvs(tvb, at + 56, at + length, tree))
end

dissect_payload[WELCOME] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.magic, tvb(at, 4))
	tree:add(f.version, tvb(at + 4, 1))
	tree:add(f.key, tvb(at + 8, 32))
	local tags = dissect_tlvs(tvb, at + 40, at + length, tree)

	if conn.session then
		note_tags(conn.session, WELCOME, tags)
	end
end

dissect_payload[RESUME] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.epoch, tvb(at + 16, 4))
	tree:add(f.nonce, tvb(at + 24, 16))
	tree:add(f.mac, tvb(at + 40, 32))
	tree:add_proto_expert_info(e.resume)
end

dissect_payload[RESUMED] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.nonce, tvb(at, 16))
	tree:add(f.mac, tvb(at + 16, 32))
end

dissect_payload[9] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.cookie, tvb(at, 8))
end
dissect_payload[10] = dissect_payload[9]

dissect_payload[ABORT] = function(conn, tvb, at, length, pinfo, tree)
	tree:add(f.reason, tvb(at, 4))
	tree:add_proto_expert_info(e.abort)
end

local function add_progress(tree, progress, len)
	if progress.new < len then
		tree:add_proto_expert_info(e.retransmission)
	end
	if progress.gap then
		tree:add_proto_expert_info(e.gap)
	end
end

dissect_payload[DATA] = function(conn, tvb, at, length, pinfo, tree, progress, root)
	tree:add(f.payload, tvb(at, length))
	if progress then
		tree:add(f.new, progress.new):set_generated()
		add_progress(tree, progress, length)
		if progress.new > 0 then
			call_subdissector(conn, tvb(at + length - progress.new,
						    progress.new):tvb(), pinfo, root)
		end
	end
end

local function add_session(conn, tvb, pinfo, tree)
	if conn.session then
		tree:add(f.session, conn.session.number):set_generated()
		tree:add(f.id, conn.id):set_generated()
		tree:add(f.connection, conn.number):set_generated()
		tree:add(f.dialer, from_dialer(conn, pinfo)):set_generated()
	end
end

local function add_header(tvb, at, kind, tree)
	tree:add(f.type, tvb(at, 1))
	local flags = tree:add(f.flags, tvb(at + 1, 1))

	flags:add(f.optional, tvb(at + 1, 1))
	flags:add(f.acknow, tvb(at + 1, 1))
	flags:add(f.urgent, tvb(at + 1, 1))
	tree:add(f.reserved, tvb(at + 2, 2))
	tree:add(f.length, tvb(at + 4, 4))
	if kind == RESUME then
		tree:add(f.masked, tvb(at + 8, 24))
		return
	end
	tree:add(f.seq, tvb(at + 8, 8))
	tree:add(f.ack, tvb(at + 16, 8))
	tree:add(f.limit, tvb(at + 24, 8))
end

-- Whose connection is it? HELLO and RESUME have the id behind what is before it.
local function greet(conn, tvb, at, kind, pinfo)
	if kind == HELLO and not conn.session then
		attach(conn, tvb(at + HDR + 8, 16):bytes():tohex(true), pinfo)
	elseif kind == RESUME and not conn.session then
		attach(conn, tvb(at + HDR, 16):bytes():tohex(true), pinfo)
	end
end

-- The offsets that a frame takes.
local function progress_of(conn, tvb, at, kind, length, dialer)
	local seq = tvb(at + 8, 8):uint64()

	if kind == DATA then
		local new, gap = follow(conn.session, dialer, seq, length)

		return { new = new, gap = gap }
	elseif kind == FIN then
		local new, gap = follow(conn.session, dialer, seq, 1)

		return { new = new, gap = gap }
	elseif kind == HELLO or kind == WELCOME then
		if not conn.session.next[dialer] then
			conn.session.next[dialer] = seq
		end
	end
	return false
end

local function dissect_frame(conn, tvb, at, size, tagged, key, pinfo, root)
	local kind = tvb(at, 1):uint()
	local length = tvb(at + 4, 4):uint()
	local name = types[kind] or ("type " .. kind)

	greet(conn, tvb, at, kind, pinfo)
	local tree = root:add(rsess, tvb(at, size), "AF_RSESS, " .. name)

	add_session(conn, tvb, pinfo, tree)
	add_header(tvb, at, kind, tree)
	pinfo.cols.info:append(" " .. name)
	local progress = conn.session and note(pinfo, key, function()
		return progress_of(conn, tvb, at, kind, length, from_dialer(conn, pinfo))
	end)

	if kind == FIN and progress then
		add_progress(tree, progress, 1)
	end
	if tagged then
		tree:add(f.tag, tvb(at + size - TAG, TAG))
	end
	if dissect_payload[kind] then
		dissect_payload[kind](conn, tvb, at + HDR, length, pinfo, tree, progress, root)
	elseif length > 0 then
		tree:add(f.payload, tvb(at + HDR, length))
	end
end

-- Returns the number of bytes that were taken, and how many more the next frame needs: nil
-- if that is not known.
local function dissect_frames(conn, tvb, pinfo, tree)
	local at = 0

	while at < tvb:len() do
		local left = tvb:len() - at

		if left < HDR then
			return at, nil
		end
		if not may_begin(tvb, at) then
			tree:add(rsess, tvb(at)):add_proto_expert_info(e.malformed)
			return tvb:len(), 0
		end
		-- A packet may be seen in several pieces, so where a frame begins in one of
		-- them does not tell it from others; its header does.
		local key = tvb(at, HDR):bytes():tohex()
		local size = HDR + tvb(at + 4, 4):uint()
		local tagged = note(pinfo, "tag" .. key, function()
			return is_tagged(conn, tvb, at, size)
		end)

		if tagged then
			size = size + TAG
		end
		-- All of it at once, for a packet can end one wait for bytes, not two.
		if left < size then
			return at, size - left
		end
		dissect_frame(conn, tvb, at, size, tagged, key, pinfo, tree)
		at = at + size
	end
	return at, 0
end

-- What is there of a frame whose end is in a later message, and how long that frame is.
local function keep(conn, way, tvb, taken, more)
	if taken < tvb:len() then
		local left = tvb(taken):bytes()

		conn.pending[way] = { bytes = left, size = more and left:len() + more or HDR }
	end
end

-- Adds a message to what is there. Returns what was there if the frame is whole then.
local function join(conn, way, tvb)
	local pending = conn.pending[way]

	if not pending then
		return { bytes = ByteArray.new() }
	end
	if pending.bytes:len() + tvb:len() < pending.size then
		pending.bytes:append(tvb:bytes())
		return { part = true }
	end
	conn.pending[way] = nil
	return { bytes = pending.bytes }
end

-- Messages of SCTP are joined here: a frame may begin in one and end in another.
local function dissect_message(conn, tvb, pinfo, tree)
	local way = source(pinfo)
	local had = note(pinfo, "message" .. tvb:offset(), function()
		return join(conn, way, tvb)
	end)

	if had.part then
		tree:add(rsess, tvb(), "AF_RSESS, part of a frame")
		return
	end
	if had.bytes:len() > 0 then
		local bytes = ByteArray.new() .. had.bytes

		bytes:append(tvb:bytes())
		tvb = bytes:tvb("Frames of several messages")
	end
	local taken, more = dissect_frames(conn, tvb, pinfo, tree)

	if not pinfo.visited then
		keep(conn, way, tvb, taken, more)
	end
end

function rsess.dissector(tvb, pinfo, tree)
	local conn = get_connection(pinfo)

	pinfo.cols.protocol = "RSESS"
	pinfo.cols.info = pinfo.src_port .. " > " .. pinfo.dst_port
	pinfo.cols.info:fence()
	if not tcp_stream() then
		dissect_message(conn, tvb, pinfo, tree)
		return tvb:len()
	end
	local taken, more = dissect_frames(conn, tvb, pinfo, tree)

	if taken < tvb:len() then
		pinfo.desegment_offset = taken
		pinfo.desegment_len = more or DESEGMENT_ONE_MORE_SEGMENT
	end
	return tvb:len()
end

local function begins(tvb)
	return is_hello(tvb) or is_resume(tvb)
end

local function tcp_heuristic(tvb, pinfo, tree)
	if not begins(tvb) then
		return false
	end
	pinfo.conversation = rsess
	rsess.dissector(tvb, pinfo, tree)
	return true
end

-- SCTP asks again for each message.
local function sctp_heuristic(tvb, pinfo, tree)
	if not connections[key_of(pinfo)] and not begins(tvb) then
		return false
	end
	rsess.dissector(tvb, pinfo, tree)
	return true
end

rsess:register_heuristic("tcp", tcp_heuristic)
rsess:register_heuristic("sctp", sctp_heuristic)
DissectorTable.get("tcp.port"):add_for_decode_as(rsess)
DissectorTable.get("sctp.port"):add_for_decode_as(rsess)
