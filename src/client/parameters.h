#pragma once

#include "client/target.h"

#include <curl/curl.h>

/*
 * Adds to a URL's query what the options say and it does not, and that pcapng
 * is wanted. False: libcurl's reason, or out of memory.
 */
CURLUcode parameters_add(CURLU *url, const struct target_defaults *defaults);
