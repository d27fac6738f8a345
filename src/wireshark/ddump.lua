-- SPDX-License-Identifier: MIT
-- Shows in Wireshark, from 4.0 on, what "ddump -paths" found.
--
--     wireshark -X lua_script:/usr/share/ddump/ddump.lua FILE
--
-- In: files of ddump -paths -w. There all sights of one packet have the same packet id, and a
-- packet that went missing has a comment. The pairing is ddump's; nothing is paired here. Out:
-- the fields below, and the columns of copies, which are all sights of a packet but the first.
--
-- Two passes: the first one collects the sights. What a first sight shows depends on later
-- ones, so its fields are added when the frame is dissected again, which Wireshark does before
-- it shows a frame, and tshark with -2 and a filter.
--
-- TCP would take each copy for a retransmission. So copies end above IP: this is a heuristic
-- dissector, which accepts copies. Wireshark asks it before TCP if ip.try_heuristic_first is set,
-- and ipv6.try_heuristic_first. If not, it is a post-dissector, and TCP has the copies, too.

if tonumber(get_version():match("^%d+")) < 4 then
	error("ddump.lua needs Wireshark 4.0 or later; this is " .. get_version())
end

local ddump = Proto("ddump", "ddump")

local fields = {
	copy = ProtoField.framenum("ddump.copy", "Same packet as frame", base.NONE,
		frametype.NONE, nil, "The first sight of this packet; this is a later one"),
	delay = ProtoField.relative_time("ddump.delay", "Delay since that frame",
		"From the first sight of the packet to this one"),
	sights = ProtoField.uint32("ddump.sights", "Places", base.DEC, nil, nil,
		"How many places saw this packet; on its first sight"),
	path = ProtoField.string("ddump.path", "Path", base.UNICODE,
		"Which places saw this packet, and when; on its first sight"),
	path_delay = ProtoField.relative_time("ddump.path_delay", "Delay to the last place",
		"From the first sight of the packet to the last place that saw it"),
	lost = ProtoField.string("ddump.lost", "Not seen after", base.UNICODE,
		"The place after which the packet went missing; on its last sight"),
}
ddump.fields = {
	fields.copy, fields.delay, fields.sights, fields.path, fields.path_delay, fields.lost,
}

ddump.prefs.dissect_copies = Pref.bool("Dissect copies", false,
	"Copies reach TCP and other protocols above IP, and have their columns")

local packet_id = Field.new("frame.packet_id")
local interface_name = Field.new("frame.interface_name")
local interface_description = Field.new("frame.interface_description")
local frame_comment = Field.new("frame.comment")
local sll_type = Field.new("sll.pkttype")

local SLL_OUTGOING = 4
local PLACES_MAX = 64 -- in the text of a path
local EXACT_MAX = 2 ^ 53 -- numbers up to this are exact
local WINDOW_NS = 3600 * 1e9 -- sights of one packet are closer: -hold has ten minutes at most

-- Without a tap that has a filter, the first pass of the GUI and tshark's only one have no fields.
-- This tap is for a protocol that is rare, so that the filter is hardly ever used.
local tap = Listener.new("ancp", "frame.packet_id")
function tap.packet() end

-- What is known of the file. All by number of the frame, but where something else is said.
local places -- which saw it: name of the interface, and whether the packet was outgoing
local outgoing
local times -- ns since the first frame
local firsts -- the first sight of its packet
local nexts -- the next sight of its packet
local lasts -- of a first sight: the last one
local losses -- the place after which the packet went missing
local path_losses -- of a first sight: the same
local frames_of_id -- by packet id: its first sight
local is_ours -- by name of an interface: does ddump describe it?
local start -- of the first frame, s
local is_complete -- did the first pass learn?
local is_shown -- does the first pass show anything?
local has_heuristics -- does Wireshark ask heuristic dissectors first?
local is_registered = false -- as a post-dissector, for good
local outer_number, outer_offset -- of the latest frame above IP
local shift -- number of a packet in ddump's run, less that of its frame
local shifted_at -- the frame that shift is known from

-- Returns the name of the frame's interface; nil: ddump has not written the file. The
-- description of ddump's interfaces begins with the name.
local function find_place()
	local name = interface_name()
	name = name and name.value
	if name and is_ours[name] == nil then
		local description = interface_description()
		description = description and description.value or ""
		is_ours[name] = description:sub(1, #name + 2) == name .. ", "
	end
	return name and is_ours[name] and name
end

-- Returns the time since the first frame in ns. Wireshark's is exact, but it begins anew at a frame
-- that the user has chosen; the absolute time has steps of 238 ns.
local function find_time(pinfo)
	local relative, absolute = pinfo.rel_ts, pinfo.abs_ts
	start = start or absolute - relative
	if math.abs(absolute - relative - start) > 1e-5 then
		relative = absolute - start
	end
	return math.floor(relative * 1e9 + 0.5)
end

-- ddump numbers the packets of a run, and the id is the number of the first sight. It is that
-- of the frame, unless earlier files have packets of the run.
local function learn_shift(number, id)
	if id - number > shift then
		shift, shifted_at = id - number, number
	end
end

-- Returns the frame that a comment calls by its number; nil: packets are missing in this file.
local function find_frame(packet, place)
	local number = tonumber(packet) - shift
	if number >= shifted_at and places[number] and
			place:find(places[number], 1, true) == 1 then
		return number
	end
end

local function add_loss(number, place)
	losses[number] = place
	path_losses[firsts[number]] = place
end

-- Reads what ddump writes of packets that went missing: this one, or earlier ones.
local function learn_losses(number)
	for _, comment in ipairs({ frame_comment() }) do
		for line in comment.value:gmatch("[^\n]+") do
			local place = line:match("^not seen after (.+)$")
			local packet, late_place = line:match("^packet (%d+) was not seen after (.+)$")
			if place and place:find(places[number], 1, true) == 1 then
				add_loss(number, place)
			elseif packet then
				local frame = find_frame(packet, late_place)
				if frame then
					add_loss(frame, late_place)
				end
			end
		end
	end
end

-- Adds a frame to the sights of its packet.
local function add_sight(number, id)
	local first = frames_of_id[id]
	if not first or times[number] - times[first] > WINDOW_NS then
		frames_of_id[id] = number
		firsts[number] = number
		return
	end
	firsts[number] = first
	nexts[lasts[first] or first] = number
	lasts[first] = number
end

-- The first pass of tshark -2 has fields if there is a filter.
local function check_pass(pinfo)
	if is_complete == nil then
		is_complete = not pinfo.visited
		if pinfo.visited then
			io.stderr:write("ddump.lua: no paths, and copies reach TCP: add -Y frame, or " ..
				"another filter, to tshark -2\n")
		end
	end
end

-- Learns what a frame tells, once. Returns its first sight; nil: the frame is not ddump's.
local function learn(pinfo, number)
	if firsts[number] then
		return firsts[number]
	end
	local id = packet_id()
	local place = id and find_place()
	if not place then
		return nil
	end
	check_pass(pinfo)
	local value = id.value:tonumber()
	places[number] = place
	times[number] = find_time(pinfo)
	local direction = sll_type()
	if direction and direction.value == SLL_OUTGOING then
		outgoing[number] = true
	end
	add_sight(number, value < EXACT_MAX and value or tostring(id.value))
	learn_shift(number, value)
	if frame_comment() then
		learn_losses(number)
	end
	return firsts[number]
end

local UNITS = { { 1, "ns" }, { 1e3, "us" }, { 1e6, "ms" }, { 1e9, "s" } }

-- Returns a time as "4.9us" or "13ms", with a separator before the unit.
local function describe_duration(ns, separator)
	local unit = 1
	while unit < #UNITS and ns / UNITS[unit][1] >= 999.5 do
		unit = unit + 1
	end
	local value = ns / UNITS[unit][1]
	local format = unit > 1 and value < 9.95 and "%.1f%s%s" or "%.0f%s%s"
	return format:format(value, separator, UNITS[unit][2])
end

local function make_time(ns)
	local seconds = (ns < 0 and math.ceil or math.floor)(ns / 1e9)
	return NSTime.new(seconds, ns - seconds * 1e9)
end

-- Returns the sights of a packet that are the first at their place, which is an interface and a
-- direction; and the interfaces that have both directions.
local function find_places(first)
	local sights, seen, has_both = {}, {}, {}
	local number = first
	while number do
		local place = places[number]
		local key = outgoing[number] and place .. "\n" or place
		if not seen[key] then
			seen[key] = true
			sights[#sights + 1] = number
			has_both[place] = has_both[place] ~= nil
		end
		number = nexts[number]
	end
	return sights, has_both
end

local function describe_place(number, has_both)
	if not has_both[places[number]] then
		return places[number]
	end
	return places[number] .. (outgoing[number] and " out" or " in")
end

-- Returns "seen on 2: web1:eth0 > fw1:eth0 +26us", and the sights at these places.
local function describe_path(first)
	local sights, has_both = find_places(first)
	local texts = {}
	for i = 1, math.min(#sights, PLACES_MAX) do
		local ns = times[sights[i]] - times[first]
		local text = describe_place(sights[i], has_both)
		if i > 1 then
			text = text .. (ns < 0 and " -" or " +") .. describe_duration(math.abs(ns), "")
		end
		texts[i] = text
	end
	if #sights > PLACES_MAX then
		texts[#texts + 1] = ("%d more"):format(#sights - PLACES_MAX)
	end
	local lost = path_losses[first]
	return ("seen on %d: %s%s"):format(#sights, table.concat(texts, " > "),
		lost and ", not seen after " .. lost or ""), sights
end

-- Returns "same packet as frame 1257, 10 us after it".
local function describe_copy(number)
	local first = firsts[number]
	local ns = times[number] - times[first]
	local text = ("same packet as frame %d, %s %s it"):format(first,
		describe_duration(math.abs(ns), " "), ns < 0 and "before" or "after")
	local lost = losses[number]
	return lost and text .. ", not seen after " .. lost or text
end

local function add(tree, field, value)
	tree:add(field, value):set_generated()
end

local function show_copy(tree, number)
	local first = firsts[number]
	if tree.visible then
		tree:set_text("ddump: " .. describe_copy(number))
	end
	if tree:referenced(fields.copy) then
		add(tree, fields.copy, first)
	end
	if tree:referenced(fields.delay) then
		add(tree, fields.delay, make_time(times[number] - times[first]))
	end
end

local function show_path(tree, first)
	if not (tree:referenced(fields.path) or tree:referenced(fields.sights) or
			tree:referenced(fields.path_delay)) then
		return
	end
	local text, sights = describe_path(first)
	if tree.visible then
		tree:set_text("ddump: " .. text)
	end
	add(tree, fields.sights, #sights)
	add(tree, fields.path, text)
	if #sights > 1 then
		add(tree, fields.path_delay, make_time(times[sights[#sights]] - times[first]))
	end
end

-- Adds the fields that are wanted: all, or those of filters and columns. Before all frames are
-- known, nothing is said of the path.
local function show(tree, pinfo, number)
	tree = tree:add(ddump)
	if firsts[number] ~= number then
		show_copy(tree, number)
	elseif is_complete and pinfo.visited then
		show_path(tree, number)
	end
	if losses[number] and tree:referenced(fields.lost) then
		add(tree, fields.lost, losses[number])
	end
end

local function has_columns(pinfo)
	return tostring(pinfo.cols.info) ~= "(info)"
end

-- Does anybody look at the first pass? It is the only one of tshark without -2, and a filter of
-- -R sees the first one.
local function is_first_pass_shown(tree, pinfo)
	return tree.visible or has_columns(pinfo) or tree:referenced(fields.copy) or
		tree:referenced(fields.delay) or tree:referenced(fields.lost)
end

-- Learns from a frame, and shows it. Returns its first sight; nil: the frame is not ddump's.
local function dissect(tree, pinfo, number)
	local first = learn(pinfo, number)
	if not first then
		return nil
	end
	if is_shown == nil then
		is_shown = is_first_pass_shown(tree, pinfo)
	end
	if pinfo.visited or is_shown then
		show(tree, pinfo, number)
	end
	return first
end

local function set_copy_columns(columns, number)
	columns.protocol = "copy"
	columns.info = describe_copy(number)
end

-- Returns "[not seen after r1:lan]"; nil: nothing is known of that.
local function describe_loss(number)
	local lost = losses[number] or path_losses[number]
	return lost and ("[not seen after %s]"):format(lost)
end

-- Is this IP within the frame's own, as in tunnels and errors of ICMP?
local function is_nested(number, offset)
	if number == outer_number and offset > outer_offset then
		return true
	end
	outer_number, outer_offset = number, offset
	return false
end

-- Above IP: accepts copies, so that they end here, and no other packet.
local function accept_copy(buffer, pinfo, tree)
	local number = pinfo.number
	local first = has_heuristics and not is_nested(number, buffer:offset()) and
		dissect(tree, pinfo, number)
	if not first then
		return false
	end
	if first ~= number and not ddump.prefs.dissect_copies then
		if pinfo.visited or is_shown then
			set_copy_columns(pinfo.cols, number)
		end
		return true
	end
	local loss = describe_loss(number)
	if loss then
		pinfo.cols.info = loss .. " "
		pinfo.cols.info:fence()
	end
	return false
end

-- After all others, if they come first.
function ddump.dissector(_, pinfo, tree)
	local number = pinfo.number
	local first = not has_heuristics and dissect(tree, pinfo, number)
	if not first then
		return
	end
	local loss = describe_loss(number)
	if first ~= number and not ddump.prefs.dissect_copies then
		pinfo.cols.info:clear_fence()
		set_copy_columns(pinfo.cols, number)
	elseif loss then
		pinfo.cols.info:append(" " .. loss)
	end
end

-- A file begins, is dissected anew, or has been closed.
function ddump.init()
	places, outgoing, times, firsts, nexts, lasts = {}, {}, {}, {}, {}, {}
	losses, path_losses, frames_of_id, is_ours = {}, {}, {}, {}
	start, is_complete, is_shown, shift, shifted_at = nil, nil, nil, 0, 0
	has_heuristics = get_preference("ip.try_heuristic_first")
	if not has_heuristics and not is_registered then
		register_postdissector(ddump)
		is_registered = true
	end
end

ddump:register_heuristic("ip", accept_copy)
