// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TESTS_ABI_INTERPOSED_CONNECTION_H_
#define DTLS13_TESTS_ABI_INTERPOSED_CONNECTION_H_

/* ConnectAndTell connects a client and a server in memory, and returns what both speak: a static
 * text. Ends the program when they do not connect, or speak differently. */
__attribute__((visibility("default"))) const char* ConnectAndTell(void);

#endif /* DTLS13_TESTS_ABI_INTERPOSED_CONNECTION_H_ */
