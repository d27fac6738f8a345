/* SPDX-License-Identifier: MIT */
/*
 * Requests with filters that cost as much as they can: deep, long, or with names
 * that do not resolve. In: a number. Out: the request of a capture.
 */
#pragma once

#include "hostile_requests.h"

/* Makes request number of the filters; false if there are fewer. */
bool hostile_filter(struct hostile_request *request, size_t number);

/* The same for filters with host names, which need a resolver. */
bool hostile_name(struct hostile_request *request, size_t number);
