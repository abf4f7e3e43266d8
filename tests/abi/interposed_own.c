// SPDX-License-Identifier: Apache-2.0
// A plugin that was linked with a libssl of its own statically, which it shows to everybody: one
// function stands for all of it.
static volatile int pending = 4711;

__attribute__((noinline)) int SSL_pending(const void* ssl) { return ssl == 0 ? pending : 0; }

const char* ConnectAndTell(void);

const char* ConnectAndTell(void) { return SSL_pending(0) == 4711 ? "its own" : "another's"; }
