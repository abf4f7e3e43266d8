// SPDX-License-Identifier: Apache-2.0
#include "tools/dtls13/text_scan.h"

#include <gtest/gtest.h>

#include <span>
#include <string_view>

namespace dtls13::command {
namespace {

TextFindings Scan(std::string_view text) {
  return ScanText(SpanBytes({reinterpret_cast<const uint8_t*>(text.data()), text.size()}));
}

using std::string_literals::operator""s;

TEST(TextScan, KnowsLibrariesByTheirStates) {
  EXPECT_TRUE(Scan("\0SSLv3/TLS write client hello\0"s).has_openssl);
  EXPECT_FALSE(Scan("\0SSLv3/TLS write client hello\0"s).has_boringssl);
  EXPECT_TRUE(Scan("\0TLS client send_client_certificate_verify\0"s).has_boringssl);
  EXPECT_FALSE(Scan("").has_openssl);
}

TEST(TextScan, ReadsTheVersionOfOpenssl) {
  EXPECT_EQ(Scan("\0OpenSSL 3.0.19 27 Jan 2026\0"s).openssl_version, "OpenSSL 3.0.19 27 Jan 2026");
  EXPECT_EQ(
      Scan("OpenSSL 3.0 legacy provider\0OpenSSL \0OpenSSL 1.1.1w  11 Sep 2023\0"s).openssl_version,
      "OpenSSL 1.1.1w  11 Sep 2023");
  EXPECT_EQ(Scan("OpenSSL EC algorithm\0OpenSSL 3.0.\1\0OpenSSL 3.0.1"s).openssl_version, "");
}

TEST(TextScan, FindsNamesOfLibraries) {
  EXPECT_EQ(Scan("\0libxul.so\0/opt/x/libssl.so.3\0libxul.so\0"s).library_names,
            (std::vector<std::string>{"libxul.so", "/opt/x/libssl.so.3"}));
  EXPECT_TRUE(
      Scan("\0%s/lib%s.so\0x.so\0libx.sort\0a libx.so\0libx.so:liby.so\0"s).library_names.empty());
  EXPECT_TRUE(Scan("libx.so").library_names.empty());
}

TEST(TextScan, SeesAcrossThePiecesItReadsBy) {
  for (size_t before = (1 << 20) - 600; before < (1 << 20) + 4; before += 7) {
    const TextFindings found =
        Scan(std::string(before, 'x') + "\0SSLv3/TLS write client hello\0libxul.so\0"s +
             "OpenSSL 3.5.0 8 Apr 2025\0"s + std::string(before, 'y'));
    EXPECT_TRUE(found.has_openssl) << before;
    EXPECT_EQ(found.library_names, std::vector<std::string>{"libxul.so"}) << before;
    EXPECT_EQ(found.openssl_version, "OpenSSL 3.5.0 8 Apr 2025") << before;
  }
}

TEST(TextScan, BoundsTheNames) {
  std::string text(1, '\0');
  for (int i = 0; i < 1000; ++i) text += "lib" + std::to_string(i) + ".so" + '\0';
  text += "/" + std::string(5000, 'a') + ".so" + '\0';
  const std::vector<std::string> names = Scan(text).library_names;
  EXPECT_EQ(names.size(), 256u);
  EXPECT_TRUE(Scan('\0' + ("/" + std::string(5000, 'a') + ".so") + '\0').library_names.empty());
}

}  // namespace
}  // namespace dtls13::command
