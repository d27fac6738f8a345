/* SPDX-License-Identifier: MIT */
#pragma once

#include "client/path_headers.h"

/*
 * Takes the headers of tunnels: VXLAN (RFC 7348, on the ports 4789 and 8472), Geneve
 * (RFC 8926), GRE (RFC 2784, RFC 2890) with IP or Ethernet, and IP in IP (RFC 2003, RFC 2473,
 * RFC 4213). headers is PATH_HEADERS_WHOLE; it becomes that of the inner packet, up to
 * PATH_TUNNELS_MAX tunnels deep, or stays as it is if the packet is not such a tunnel's.
 * Returns what the inner packet is; PATH_HEADERS_DAMAGED: the capture ends in a header of a
 * tunnel, so that the packet may be any one.
 */
enum path_headers_result path_tunnel_read(struct path_headers *headers);
