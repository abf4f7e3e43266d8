// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_INTERPOSE_INTERPOSER_H_
#define DTLS13_SHIM_INTERPOSE_INTERPOSER_H_

#include <string>

namespace dtls13::shim {

// Interpose puts the library's entries (entry_points.inc) in force in a process that has not
// preloaded it: every relocation of a loaded object that leads to the function of libssl of an
// entry's name leads to the entry from then on, and so do those of objects that are loaded later,
// once libssl makes another SSL_CTX or SSL. Until libssl is loaded there is nothing to do but that.
//
// Returns what keeps it from that, a sentence for a person, and has then changed nothing; empty
// when nothing does. May be called again, and where the library is preloaded. Thread-safe. It is
// never undone: the library stays loaded as well.
std::string Interpose();

// InterposeNew does the same for what was loaded since, and nothing where Interpose was never
// called.
void InterposeNew();

// HasEntriesInForce says whether calls of the program's reach the library's entries, by preloading,
// by linking, or by Interpose.
bool HasEntriesInForce();

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_INTERPOSE_INTERPOSER_H_
