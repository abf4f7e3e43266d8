// SPDX-License-Identifier: Apache-2.0
#include "provider/config_section.h"

#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include <algorithm>
#include <memory>
#include <string_view>

namespace dtls13::provider {
namespace {

struct Free {
  void operator()(CONF* config) const { NCONF_free(config); }
  void operator()(char* text) const { OPENSSL_free(text); }
};

// What config(5) has in every provider's section.
constexpr std::string_view kOpenSslKeys[] = {"identity", "module", "activate", "soft_load"};

const char* ValueOf(const CONF* config, const char* section, const char* key) {
  return section == nullptr ? nullptr : NCONF_get_string(config, section, key);
}

// SectionOf is the section of the provider that is called `name`; null without.
const char* SectionOf(const CONF* config, std::string_view name) {
  const char* providers = ValueOf(config, ValueOf(config, "default", "openssl_conf"), "providers");
  if (providers == nullptr) return nullptr;
  const STACK_OF(CONF_VALUE)* entries = NCONF_get_section(config, providers);
  for (int i = 0; i < sk_CONF_VALUE_num(entries); ++i) {
    const CONF_VALUE* entry = sk_CONF_VALUE_value(entries, i);
    const char* identity = ValueOf(config, entry->value, "identity");
    if (name == (identity != nullptr ? identity : entry->name)) return entry->value;
  }
  return nullptr;
}

}  // namespace

std::string FindUnknownKey(OSSL_LIB_CTX* library_context, const ConfigReader& core,
                           const std::function<bool(const std::string& key)>& is_known) {
  const char* name = core(OSSL_PROV_PARAM_CORE_PROV_NAME);
  if (name == nullptr) return "";
  // What is not in the file is not looked for without a failure.
  ERR_set_mark();
  std::string unknown;
  const std::unique_ptr<char, Free> file(CONF_get1_default_config_file());
  const std::unique_ptr<CONF, Free> config(NCONF_new_ex(library_context, nullptr));
  if (file != nullptr && config != nullptr && NCONF_load(config.get(), file.get(), nullptr) > 0) {
    const char* section = SectionOf(config.get(), name);
    const STACK_OF(CONF_VALUE)* entries =
        section == nullptr ? nullptr : NCONF_get_section(config.get(), section);
    for (int i = 0; i < sk_CONF_VALUE_num(entries) && unknown.empty(); ++i) {
      const char* key = sk_CONF_VALUE_value(entries, i)->name;
      const bool is_openssls = std::ranges::find(kOpenSslKeys, key) != std::end(kOpenSslKeys);
      if (!is_openssls && !is_known(key) && core(key) != nullptr) unknown = key;
    }
  }
  ERR_pop_to_mark();
  return unknown;
}

}  // namespace dtls13::provider
