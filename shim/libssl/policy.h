// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_LIBSSL_POLICY_H_
#define DTLS13_SHIM_LIBSSL_POLICY_H_

#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dtls13/crypto/record_crypto.h"
#include "dtls13/wire/code_points.h"

namespace dtls13::shim {

// HeaderForm is how much of a record header is written once the handshake is acknowledged.
enum class HeaderForm : uint8_t {
  kAuto,   // no length in the last record of a datagram, where the BIO keeps datagrams apart
  kFull,   // 16-bit record numbers and lengths, always
  kShort,  // as kAuto, and 8-bit record numbers
};

// Policy is what the person who runs a program decides for all DTLS in it, over the head of the
// program. Its keys stand in one table (policy.cc), which parses them, makes the help text and
// makes docs/policy.md's table.
struct Policy {
  // Methods and limits that pin an SSL to DTLS 1.2 or 1.0 do not keep it from DTLS 1.3.
  bool override_pins = false;
  // Bounds besides the application's own, as DTLS1_VERSION and its like; 0: none.
  int min_version = 0;
  int max_version = 0;
  // The datagram payload in bytes: the most that is used, and what is taken where nobody knows; 0:
  // not set.
  size_t mtu = 0;
  HeaderForm header_form = HeaderForm::kAuto;
  // The length of the Connection IDs that peers are to put into their records; 0: none.
  size_t connection_id_len = 0;
  // The groups of DTLS 1.3 in order of preference; empty: the program's.
  std::vector<NamedGroup> groups;
  // What a retransmission timer starts with, and how many session tickets a server gives; nothing:
  // as the program has it.
  std::optional<std::chrono::milliseconds> initial_timeout;
  std::optional<size_t> tickets;
  // How long the cookie of a server is good.
  std::optional<std::chrono::seconds> cookie_lifetime;
  // A program that loads the library as a provider has its calls of libssl led to it, as if it were
  // preloaded.
  bool interpose = false;
  // The file that takes the secrets of DTLS 1.3 connections in NSS's key log format; empty: none.
  std::string key_log;
  // Who seals and opens the records of AES-GCM.
  RecordCrypto record_crypto = RecordCrypto::kLibcrypto;
  // The process tells `dtls13 status` of its connections.
  bool status = false;

  bool operator==(const Policy&) const = default;

  // Allows says whether `version` is within the bounds.
  bool Allows(int version) const;
  // AllowsLibssl says whether any version that libssl speaks is.
  bool AllowsLibssl() const;
  // AllowsAny says whether a program is left any version at all.
  bool AllowsAny() const;
  // ConcernsPinned says whether SSLs that are pinned are to be looked at.
  bool ConcernsPinned() const { return override_pins || min_version != 0 || max_version != 0; }
};

// SetPolicy sets what `key` names to what `value` says. Returns what is wrong with them, for a
// person to read, and has then changed nothing; empty when nothing is.
std::string SetPolicy(std::string_view key, std::string_view value, Policy* policy);

// ReadPolicy sets what "key=value,key=value" says, and skips what it cannot use. Returns the text
// for the person: one line for each thing skipped, and the help where `options` has the word
// "help".
std::string ReadPolicy(std::string_view options, Policy* policy);

// PolicyValue is one key, what it takes, and what "key=value,key=value" has for it.
struct PolicyValue {
  std::string_view key;
  std::string_view values;
  std::string value;  // as it was written last and could be used; empty where it is not there
};

// PolicyValues returns those of all keys in the table's order.
std::vector<PolicyValue> PolicyValues(std::string_view options);

std::string PolicyHelp();
// PolicyMarkdown is the table of docs/policy.md.
std::string PolicyMarkdown();
// PolicyMan is the same of docs/man/dtls13-policy.5, in the macros of man(7).
std::string PolicyMan();

// HasPolicyKey says whether the table has `key`.
bool HasPolicyKey(std::string_view key);

// ConfigurePolicy sets in `policy` every key of the table that `value_of` has a value for (null:
// none). Returns as SetPolicy does.
std::string ConfigurePolicy(const std::function<const char*(const char* key)>& value_of,
                            Policy* policy);

// BeginWithPolicy makes `policy`, which is openssl.cnf's, what CurrentPolicy begins with. False,
// and nothing is changed, when that is in use already and began with another. Thread-safe.
[[nodiscard]] bool BeginWithPolicy(const Policy& policy);

// PolicyWithOptions is `policy` with what DTLS13_OPTIONS says over it.
Policy PolicyWithOptions(Policy policy);

// CurrentPolicy is the process's: settled at the first call, which is when DTLS is first used, and
// never again. Then openssl.cnf is loaded, unless the program has said that it is not to be, and
// DTLS13_OPTIONS has the last word. What ReadPolicy has to say goes to stderr. A process with more
// rights than whoever started it does not read the variable. Thread-safe; not to be called while
// openssl.cnf is being loaded.
const Policy& CurrentPolicy();

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_LIBSSL_POLICY_H_
