// SPDX-License-Identifier: Apache-2.0
#include "shim/libssl/policy.h"

#include <openssl/crypto.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <utility>

#include "dtls13/association_config.h"
#include "provider/yes_or_no.h"
#include "shim/libssl/openssl_headers.h"
#include "shim/libssl/tls_names.h"
#include "shim/libssl/version_order.h"

namespace dtls13::shim {
namespace {

constexpr std::string_view kVariable = "DTLS13_OPTIONS";
constexpr std::string_view kHelp = "help";

// What UDP over IPv4 can carry.
constexpr size_t kMaxMtu = 65'507;
// The longest of QUIC-LB's, which balancers know.
constexpr size_t kMaxConnectionIdLen = 20;
constexpr size_t kMaxTickets = 8;

bool ParseBool(std::string_view value, bool* out) {
  const std::optional<bool> read = provider::ReadYesOrNo(value);
  if (read) *out = *read;
  return read.has_value();
}

// The names are those of openssl.cnf.
bool ParseVersion(std::string_view value, int* out) {
  constexpr struct {
    std::string_view name;
    int version;
  } kVersions[] = {
      {"DTLSv1", DTLS1_VERSION}, {"DTLSv1.2", DTLS1_2_VERSION}, {"DTLSv1.3", DTLS1_3_VERSION}};
  for (const auto& [name, version] : kVersions) {
    if (value != name) continue;
    *out = version;
    return true;
  }
  return false;
}

bool ParseNumber(std::string_view value, size_t min, size_t max, size_t* out) {
  size_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) return false;
  if (number < min || number > max) return false;
  *out = number;
  return true;
}

// ParseOptional is ParseNumber for a setting that may be left to the program.
template <typename Setting>
bool ParseOptional(std::string_view value, size_t min, size_t max, std::optional<Setting>* out) {
  size_t number = 0;
  if (!ParseNumber(value, min, max, &number)) return false;
  *out = Setting(number);
  return true;
}

bool ParseHeaderForm(std::string_view value, HeaderForm* out) {
  constexpr std::pair<std::string_view, HeaderForm> kForms[] = {
      {"auto", HeaderForm::kAuto}, {"full", HeaderForm::kFull}, {"short", HeaderForm::kShort}};
  for (const auto& [name, form] : kForms) {
    if (value != name) continue;
    *out = form;
    return true;
  }
  return false;
}

// Each name must be a group's of TLS 1.3; whether libcrypto has it depends on the SSL_CTX.
bool ParseGroups(std::string_view value, std::vector<NamedGroup>* out) {
  std::vector<NamedGroup> groups = GroupsOfNames(value);
  const auto num_names = static_cast<size_t>(std::ranges::count(value, ':')) + 1;
  const std::vector<NamedGroup> known = HandshakeConfig().groups;
  const bool is_known = std::ranges::all_of(groups, [&known](NamedGroup group) {
    return std::ranges::find(known, group) != known.end();
  });
  if (!is_known || groups.size() != num_names) return false;
  *out = std::move(groups);
  return true;
}

bool ParseRecordCrypto(std::string_view value, RecordCrypto* out) {
  const std::optional<RecordCrypto> read = RecordCryptoOfName(value);
  if (read) *out = *read;
  return read.has_value();
}

struct Option {
  std::string_view key;
  std::string_view values;
  std::string_view meaning;
  bool (*set)(std::string_view value, Policy* policy);
};

constexpr Option kOptions[] = {
    {"override_pins", "yes or no",
     "Speak DTLS 1.3 where the program pins DTLS 1.2 or 1.0 by its method or its version limits; "
     "the limits read back as it set them. Default: no.",
     [](std::string_view value, Policy* policy) {
       return ParseBool(value, &policy->override_pins);
     }},
    {"min_version", "DTLSv1, DTLSv1.2 or DTLSv1.3",
     "No older version, whatever the program allows.",
     [](std::string_view value, Policy* policy) {
       return ParseVersion(value, &policy->min_version);
     }},
    {"max_version", "DTLSv1, DTLSv1.2 or DTLSv1.3",
     "No newer version, whatever the program allows.",
     [](std::string_view value, Policy* policy) {
       return ParseVersion(value, &policy->max_version);
     }},
    {"mtu", "256 to 65507",
     "The most bytes of a DTLS 1.3 datagram, without the IP and UDP headers; also what is used "
     "where neither the program nor the system knows. Default: 1200 where nobody knows.",
     [](std::string_view value, Policy* policy) {
       return ParseNumber(value, kMinMtu, kMaxMtu, &policy->mtu);
     }},
    {"header_form", "auto, full or short",
     "The record headers of a connection whose handshake is acknowledged: full has 16-bit record "
     "numbers and lengths always, auto leaves out the last length of a datagram where nothing can "
     "join datagrams, short has 8-bit record numbers too. Default: auto.",
     [](std::string_view value, Policy* policy) {
       return ParseHeaderForm(value, &policy->header_form);
     }},
    {"connection_id_len", "0 to 20",
     "The bytes of the Connection IDs that peers are asked to put into their records, for what "
     "routes datagrams by them; 0 asks for none. Default: 0.",
     [](std::string_view value, Policy* policy) {
       return ParseNumber(value, 0, kMaxConnectionIdLen, &policy->connection_id_len);
     }},
    {"groups",
     "names of groups, such as X25519, P-256 and X25519MLKEM768, "
     "with colons between them",
     "The groups of DTLS 1.3, most wanted first, in place of the program's.",
     [](std::string_view value, Policy* policy) { return ParseGroups(value, &policy->groups); }},
    {"initial_timeout_ms", "50 to 60000",
     "What the retransmission timer starts with. Default: 1000, 400 with DTLS-SRTP, or what the "
     "program's DTLS_set_timer_cb says.",
     [](std::string_view value, Policy* policy) {
       return ParseOptional(value, 50, 60'000, &policy->initial_timeout);
     }},
    {"tickets", "0 to 8",
     "How many session tickets a server gives a new client, whatever the program says.",
     [](std::string_view value, Policy* policy) {
       return ParseOptional(value, 0, kMaxTickets, &policy->tickets);
     }},
    {"cookie_lifetime_s", "2 to 3600",
     "How many seconds a server takes a cookie after it gave it. Default: 300.",
     [](std::string_view value, Policy* policy) {
       return ParseOptional(value, 2, 3600, &policy->cookie_lifetime);
     }},
    {"interpose", "yes or no",
     "Where openssl.cnf activates the library as a provider: lead the program's calls of libssl to "
     "it, as if it were preloaded. Default: no.",
     [](std::string_view value, Policy* policy) { return ParseBool(value, &policy->interpose); }},
    {"key_log", "a file",
     "Append the secrets of every DTLS 1.3 connection to it, as SSLKEYLOGFILE has them.",
     [](std::string_view value, Policy* policy) {
       policy->key_log = value;
       return !value.empty();
     }},
    {"record_crypto", "libcrypto or ipsec-mb",
     "Who seals and opens the records of AES-GCM: libcrypto, or Intel's libipsec-mb, which takes a "
     "third of the time. It is looked for when the program runs; libcrypto stays where it is not "
     "installed, the processor is not for it, its answers are not libcrypto's, or FIPS, another "
     "provider or a property query is in force. Default: libcrypto.",
     [](std::string_view value, Policy* policy) {
       return ParseRecordCrypto(value, &policy->record_crypto);
     }},
    {"status", "yes or no",
     "Let `dtls13 status PID` see what the program's connections are and why some are libssl's. "
     "Default: no.",
     [](std::string_view value, Policy* policy) { return ParseBool(value, &policy->status); }},
};

std::string Join(std::initializer_list<std::string_view> parts) {
  std::string text;
  for (std::string_view part : parts) text += part;
  return text;
}

// TakeItem takes the next "key=value" off `options`; false where there is none. Of the word "help"
// there is only the key.
bool TakeItem(std::string_view* options, std::string_view* key, std::string_view* value) {
  while (!options->empty()) {
    const std::string_view item = options->substr(0, options->find(','));
    options->remove_prefix(std::min(options->size(), item.size() + 1));
    if (item.empty()) continue;
    const size_t sign = item.find('=');
    *key = item.substr(0, sign);
    *value = sign == std::string_view::npos ? std::string_view() : item.substr(sign + 1);
    return true;
  }
  return false;
}

// FilledLines is `text` in lines as short as readers of a manual page's source expect them. No word
// of the table begins with a control character of roff's, nor has one a backslash.
std::string FilledLines(std::string_view text) {
  constexpr size_t kMaxLineLen = 79;
  std::string lines;
  size_t line_len = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    const bool fits = line_len != 0 && line_len + 1 + word.size() <= kMaxLineLen;
    if (line_len != 0) lines += fits ? " " : "\n";
    lines += word;
    line_len = fits ? line_len + 1 + word.size() : word.size();
  }
  return lines;
}

// ConfiguredPolicy is what openssl.cnf says, until CurrentPolicy is settled.
struct ConfiguredPolicy {
  std::mutex mutex;
  Policy policy;
  bool is_in_use = false;
};

ConfiguredPolicy& Configured() {
  // Never destroyed: openssl.cnf may be loaded while static destructors run.
  static ConfiguredPolicy& configured = *new ConfiguredPolicy();
  return configured;
}

// ReadVariable is ReadPolicy of DTLS13_OPTIONS.
std::string ReadVariable(Policy* policy) {
  const char* options = secure_getenv(kVariable.data());
  return options == nullptr ? "" : ReadPolicy(options, policy);
}

Policy LoadPolicy() {
  // libssl would do the same a moment later; it has then been done.
  OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, nullptr);
  ConfiguredPolicy& configured = Configured();
  Policy policy;
  {
    std::lock_guard lock(configured.mutex);
    configured.is_in_use = true;
    policy = configured.policy;
  }
  const std::string text = ReadVariable(&policy);
  if (text.empty()) return policy;
  // Nothing can be done about a stderr that takes no more.
  [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text.data(), text.size());
  return policy;
}

}  // namespace

bool Policy::Allows(int version) const {
  return (min_version == 0 || !IsOlderVersion(version, min_version)) &&
         (max_version == 0 || !IsOlderVersion(max_version, version));
}

bool Policy::AllowsLibssl() const { return Allows(DTLS1_2_VERSION) || Allows(DTLS1_VERSION); }

bool Policy::AllowsAny() const { return AllowsLibssl() || Allows(DTLS1_3_VERSION); }

std::string SetPolicy(std::string_view key, std::string_view value, Policy* policy) {
  for (const Option& option : kOptions) {
    if (option.key != key) continue;
    if (option.set(value, policy)) return "";
    return Join({key, " takes ", option.values, ", not '", value, "'"});
  }
  return Join({"there is no key '", key, "' (", kVariable, "=", kHelp, " lists them)"});
}

std::string ReadPolicy(std::string_view options, Policy* policy) {
  std::string text;
  std::string_view key, value;
  while (TakeItem(&options, &key, &value)) {
    if (key == kHelp) {
      text += PolicyHelp();
      continue;
    }
    const std::string fault = SetPolicy(key, value, policy);
    if (!fault.empty()) text += Join({"libdtls13: ", kVariable, ": ignored: ", fault, "\n"});
  }
  return text;
}

std::vector<PolicyValue> PolicyValues(std::string_view options) {
  std::vector<PolicyValue> values;
  for (const Option& option : kOptions) values.push_back({option.key, option.values, ""});
  Policy policy;
  std::string_view key, value;
  while (TakeItem(&options, &key, &value)) {
    if (!SetPolicy(key, value, &policy).empty()) continue;
    for (PolicyValue& known : values) {
      if (known.key == key) known.value = value;
    }
  }
  return values;
}

std::string PolicyHelp() {
  std::string text = Join({kVariable, "=key=value,key=value... (values have no commas)\n"});
  for (const Option& option : kOptions) {
    text += Join({"  ", option.key, " (", option.values, ")\n      ", option.meaning, "\n"});
  }
  return text;
}

std::string PolicyMarkdown() {
  std::string text = "| key | value | |\n|---|---|---|\n";
  for (const Option& option : kOptions) {
    text += Join({"| `", option.key, "` | ", option.values, " | ", option.meaning, " |\n"});
  }
  return text;
}

bool HasPolicyKey(std::string_view key) {
  return std::ranges::any_of(kOptions, [key](const Option& option) { return option.key == key; });
}

std::string ConfigurePolicy(const std::function<const char*(const char* key)>& value_of,
                            Policy* policy) {
  Policy configured = *policy;
  for (const Option& option : kOptions) {
    const char* value = value_of(option.key.data());
    if (value == nullptr) continue;
    std::string fault = SetPolicy(option.key, value, &configured);
    if (!fault.empty()) return fault;
  }
  *policy = std::move(configured);
  return "";
}

bool BeginWithPolicy(const Policy& policy) {
  ConfiguredPolicy& configured = Configured();
  std::lock_guard lock(configured.mutex);
  if (configured.is_in_use) return configured.policy == policy;
  configured.policy = policy;
  return true;
}

Policy PolicyWithOptions(Policy policy) {
  // What it cannot use is told when it is settled.
  static_cast<void>(ReadVariable(&policy));
  return policy;
}

std::string PolicyMan() {
  std::string text;
  for (const Option& option : kOptions) {
    text += Join({".TP\n.B ", option.key, "\n\\fIValue\\fR: ", FilledLines(option.values),
                  ".\n.br\n", FilledLines(option.meaning), "\n"});
  }
  return text;
}

const Policy& CurrentPolicy() {
  // Never destroyed: SSLs may outlive static destructors.
  static const Policy& policy = *new Policy(LoadPolicy());
  return policy;
}

}  // namespace dtls13::shim
