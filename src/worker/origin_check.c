/* SPDX-License-Identifier: MIT */
/*
 * Protects the worker against web pages of other sites. In: header fields of a
 * request. Out: whether it is allowed.
 *
 * Theory of operation
 *
 * The threat is a page of any site, in a browser that can reach this worker.
 * Browsers send the relation of the page to the target in Sec-Fetch-Site, which no
 * script can set, but only to targets that they trust: https, loopback addresses and
 * localhost. To other names they do not send it, and the page may be of a site whose
 * name resolves to this worker once the page is loaded (DNS rebinding): to the
 * browser both are the same site, and the page may read all.
 *
 * So a browser must send Sec-Fetch-Site, and use an address, localhost, or a name on
 * the administrator's list. Programs may use any name unless there is a list, since
 * hosts of a fleet do not know all their names.
 */
#include "worker/origin_check.h"

#include "worker/http_host.h"

static bool store_once(
	struct slice *ret_value, struct slice value, const char *name, struct error *error)
{
	if (ret_value->at)
		return error_set(error, 400, "the field %s is repeated", name);
	*ret_value = value;
	return true;
}

/*
 * Is it a field that browsers send, and that no script can suppress? Not all
 * browsers send the first one (some headless ones did not), but all have the last
 * one.
 */
static bool is_browser_field(struct slice name, struct slice value)
{
	return slice_is(name, "accept-language") || slice_begins(name, "sec-") ||
	       slice_is(name, "origin") || slice_is(name, "referer") ||
	       slice_is(name, "upgrade-insecure-requests") ||
	       (slice_is(name, "user-agent") && slice_begins(value, "Mozilla/"));
}

bool origin_check_add_field(
	struct origin_claims *claims, struct slice name, struct slice value, struct error *error)
{
	claims->browser = claims->browser || is_browser_field(name, value);
	if (slice_is(name, "host"))
		return store_once(&claims->host, value, "Host", error);
	if (slice_is(name, "origin"))
		return store_once(&claims->origin, value, "Origin", error);
	if (slice_is(name, "sec-fetch-site"))
		return store_once(&claims->site, value, "Sec-Fetch-Site", error);
	return true;
}

/* Is Origin a scheme and the value of Host? */
static bool is_own_origin(const struct origin_claims *claims)
{
	struct slice rest = claims->origin;
	struct slice scheme;

	return slice_cut(&rest, ':', &scheme) && slice_begins(rest, "//") &&
	       slice_same((struct slice){rest.at + 2, rest.size - 2}, claims->host);
}

static bool is_own_page(const struct origin_claims *claims)
{
	if (!slice_is(claims->site, "same-origin") && !slice_is(claims->site, "none"))
		return false;
	return !claims->origin.at || (claims->host.at && is_own_origin(claims));
}

/* Is the host of the request one that this worker accepts? */
static bool is_allowed_host(const struct origin_claims *claims, const char *hosts)
{
	struct http_host host;

	if (!claims->host.at || !http_host_parse(claims->host, &host))
		return !claims->browser && !hosts;
	if (http_host_is_fixed(&host))
		return true;
	return hosts ? http_host_is_listed(&host, hosts) : !claims->browser;
}

static bool reject_host(const struct origin_claims *claims, struct error *error)
{
	static const char remedy[] =
		"must use an address, localhost, or a name of the worker's -host "
		"(DDUMP_HOSTS)";
	const char *sender = claims->browser ? "a browser" : "clients";

	if (!claims->host.at)
		return error_set(error, 403, "the Host field is missing: %s %s", sender, remedy);
	return error_set(error, 403, "the Host field is \"%.*s\": %s %s", (int)claims->host.size,
		claims->host.at, sender, remedy);
}

bool origin_check_run(const struct origin_claims *claims, const char *hosts, struct error *error)
{
	if (claims->browser && !is_own_page(claims))
		return error_set(error, 403,
			"looks like a browser used by another site (Origin, Referer, User-Agent "
			"...); a program may send \"Sec-Fetch-Site: none\"");
	return is_allowed_host(claims, hosts) || reject_host(claims, error);
}
