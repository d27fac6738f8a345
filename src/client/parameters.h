#pragma once

#include "client/target.h"

#include <curl/curl.h>

/*
 * Adds to a URL's query what the options say and it does not, and that pcapng
 * is wanted. Returns CURLUE_OK, or libcurl's reason.
 */
CURLUcode parameters_add(CURLU *url, const struct target_defaults *defaults);
