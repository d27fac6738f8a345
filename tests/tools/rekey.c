/* SPDX-License-Identifier: MIT */
/*
 * A malicious TLS server that never sends data.
 *
 *     rekey                    only HelloRequests, in place of a ServerHello
 *     rekey CERTIFICATE KEY    an empty capture, and then only KeyUpdates
 *
 * In: connections to a port of loopback, one after the other. Out: "listening
 * on PORT", and these messages to each of them, without end.
 */
#include <arpa/inet.h>
#include <err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	UPDATES = 2000, /* written at once */
	RECORD_HEAD = 5,
	RECORD_MAX = 16384,
	REQUEST_MAX = 8192,
};

static int listen_somewhere(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 1) != 0 || getsockname(fd, (struct sockaddr *)&address, &size) != 0)
		err(1, "no port");
	printf("listening on %u\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

/* False: the client has disconnected. */
static bool send_all(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		const ssize_t sent = send(fd, bytes, size, 0);

		if (sent < 0)
			return false;
		bytes += sent;
		size -= (size_t)sent;
	}
	return true;
}

/* A HelloRequest (RFC 5246, 7.4.1.1) is four zeros. */
static void ask_for_hello(int fd)
{
	char record[RECORD_HEAD + RECORD_MAX] = {SSL3_RT_HANDSHAKE, 3, 3, RECORD_MAX / 256, 0};
	char hello[REQUEST_MAX];

	if (recv(fd, hello, sizeof(hello), 0) > 0)
		while (send_all(fd, record, sizeof(record)))
			;
}

static bool answer(SSL *connection)
{
	static const char head[] = "HTTP/1.1 200 OK\r\n\r\n";
	/* of pcap: version 2.4, snaplen 65536, LINKTYPE_LINUX_SLL */
	static const uint32_t capture[] = {0xa1b2c3d4, 2 | 4 << 16, 0, 0, 65536, 113};
	char request[REQUEST_MAX];

	return SSL_accept(connection) == 1 && SSL_read(connection, request, sizeof(request)) > 0 &&
	       SSL_write(connection, head, (int)strlen(head)) > 0 &&
	       SSL_write(connection, capture, sizeof(capture)) > 0;
}

/* Making a record is faster than reading it, so the client always has data. */
static void change_keys(int fd, SSL *connection)
{
	BIO *records = BIO_new(BIO_s_mem());
	bool good = true;

	SSL_set0_wbio(connection, records);
	while (good) {
		char *bytes;
		long size;

		for (int i = 0; good && i < UPDATES; i++)
			good = SSL_key_update(connection, SSL_KEY_UPDATE_NOT_REQUESTED) == 1 &&
			       SSL_do_handshake(connection) == 1;
		size = BIO_get_mem_data(records, &bytes);
		good = good && send_all(fd, bytes, (size_t)size);
		BIO_reset(records);
	}
}

int main(int argc, char **argv)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());
	int listener;

	if (argc != 1 &&
		(argc != 3 || !context ||
			SSL_CTX_use_certificate_chain_file(context, argv[1]) != 1 ||
			SSL_CTX_use_PrivateKey_file(context, argv[2], SSL_FILETYPE_PEM) != 1))
		errx(1, "usage: rekey [CERTIFICATE KEY]");
	signal(SIGPIPE, SIG_IGN);
	listener = listen_somewhere();
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		SSL *connection = argc == 1 ? NULL : SSL_new(context);

		if (!connection)
			ask_for_hello(fd);
		else if (SSL_set_fd(connection, fd) == 1 && answer(connection))
			change_keys(fd, connection);
		SSL_free(connection);
		close(fd);
	}
}
