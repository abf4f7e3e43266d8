// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "dtls13/handshake/handshake_test_util.h"
#include "dtls13/handshake/psk_test_util.h"
#include "dtls13/message/pre_shared_key.h"
#include "dtls13/wire/bytes_test_util.h"

namespace dtls13 {
namespace {

// --- binders

// RunWithHello changes the client's hello number `which`, and returns what the server made of it.
Status RunWithHello(HandshakePair* pair, int which, const std::function<void(Bytes*)>& change) {
  int seen = 0;
  pair->tamper = [&](HandshakePair::Flying* flying) {
    if (flying->type == kCH && seen++ == which) change(&flying->body);
  };
  pair->Run();
  EXPECT_GT(seen, which);
  pair->tamper = nullptr;
  return pair->server.status;
}

//= rfc8446#section-4.2.11
//= type=test
//# Prior to accepting PSK key establishment, the server MUST validate
//# the corresponding binder value (see Section 4.2.11.2 below).  If this
//# value is not present or does not validate, the server MUST abort the
//# handshake.
TEST(PskBinderCheckTest, EveryBitCounts) {
  for (const bool retried : {false, true}) {
    HandshakeConfig server_config = AskingServer();
    server_config.server.require_cookie = retried;
    for (size_t bit = 0; bit < 32 * 8; ++bit) {
      HandshakePair pair(TestConfig(), server_config, Offering({External(1)}));
      pair.provide_psk = Knowing({External(1)});
      const Status status = RunWithHello(&pair, retried ? 1 : 0, [bit](Bytes* body) {
        (*body)[body->size() - 32 + bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
      });
      ExpectFatal(status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
      EXPECT_TRUE(pair.server.read_keys.empty());
    }
  }
}

// The binder covers all that stands before it, and its own kind of key.
TEST(PskBinderCheckTest, CoversTheWholeHello) {
  const std::pair<const char*, std::function<void(Bytes*)>> kChanges[] = {
      {"random", [](Bytes* body) { (*body)[2] ^= 1; }},
      {"age", [](Bytes* body) { (*body)[body->size() - 35 - 1] ^= 1; }},
      {"name", [](Bytes* body) { RemoveExtension(kCH, body, ExtensionType::kServerName); }},
      {"longer binder",
       [](Bytes* body) {
         SetExtension(kCH, body, ExtensionType::kPreSharedKey, [] {
           Bytes data;
           ByteWriter writer(&data);
           WriteOfferedPsks(&writer, {{.identity = {'i', 1}, .binder_len = 48}});
           return data;
         }());
       }},
  };
  for (const auto& [what, change] : kChanges) {
    HandshakePair pair(TestConfig(), AskingServer(), Offering({External(1)}));
    pair.provide_psk = Knowing({External(1)});
    const Status status = RunWithHello(&pair, 0, change);
    EXPECT_EQ(status.reason(), Reason::kBinderMismatch) << what;
  }
  HandshakePair wrong_key(TestConfig(), AskingServer(), Offering({External(1)}));
  wrong_key.provide_psk = [](ServerHandshake* server) {
    return server->ProvidePsk(0, External(2));
  };
  wrong_key.Run();
  ExpectFatal(wrong_key.server.status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
}

//= rfc8446#section-4.2.11
//= type=test
//# Servers SHOULD NOT attempt to validate multiple binders;
//# rather, they SHOULD select a single PSK and validate solely the
//# binder that corresponds to that PSK.
TEST(PskBinderCheckTest, OnlyTheSelectedOneIsLookedAt) {
  const std::vector<Psk> keys = {External(1), External(2)};
  for (const size_t known : {0, 1}) {
    HandshakePair pair(TestConfig(), AskingServer(), Offering(keys));
    pair.provide_psk = Knowing({keys[known]});
    // The first key's binder is wrong.
    const Status status =
        RunWithHello(&pair, 0, [](Bytes* body) { (*body)[body->size() - 33 - 1] ^= 1; });
    if (known == 0) {
      ExpectFatal(status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
    } else {
      // The server goes on; that the hello was not the client's shows in its Finished.
      EXPECT_TRUE(status.ok());
      EXPECT_EQ(pair.client.status.alert(), AlertDescription::kDecryptError);
    }
  }
}

TEST(PskBinderCheckTest, IdentitiesInAnotherOrder) {
  HandshakePair pair(TestConfig(), AskingServer(), Offering({External(1), External(2)}));
  pair.provide_psk = Knowing({External(1), External(2)});
  const Status status = RunWithHello(&pair, 0, [](Bytes* body) {
    // identities: 2 + 2 * (2 + 2 + 4) bytes before 2 + 2 * 33 of binders
    const auto identities = body->end() - 68 - 16;
    std::swap_ranges(identities, identities + 8, identities + 8);
  });
  ExpectFatal(status, AlertDescription::kDecryptError, Reason::kBinderMismatch);
}

// --- what a client does about a server's choice

//= rfc8446#section-4.2.11
//= type=test
//# Clients MUST verify that the server's selected_identity is within the
//# range supplied by the client, that the server selected a cipher suite
//# indicating a Hash associated with the PSK, and that a server
//# "key_share" extension is present if required by the ClientHello
//# "psk_key_exchange_modes" extension.  If these values are not
//# consistent, the client MUST abort the handshake with an
//# "illegal_parameter" alert.
TEST(PskSelectionTest, ServersThatAreNotAsTheyShouldBe) {
  struct Case {
    const char* what;
    Modes modes;  // of both sides
    std::function<void(Bytes*)> change;
    AlertDescription alert;
    Reason reason;
  };
  const auto set = [](ExtensionType type, Bytes data) {
    return [=](Bytes* body) { SetExtension(kSH, body, type, data); };
  };
  const auto remove = [](ExtensionType type) {
    return [=](Bytes* body) { RemoveExtension(kSH, body, type); };
  };
  const auto kPsk = ExtensionType::kPreSharedKey;
  const auto kShare = ExtensionType::kKeyShare;
  Bytes x25519_share = {0, 29, 0, 32};
  x25519_share.resize(4 + 32, 9);
  const Case kCases[] = {
      {"out of range",
       {kDheKe},
       set(kPsk, {0, 2}),
       AlertDescription::kIllegalParameter,
       Reason::kBadPsk},
      {"far out of range",
       {kDheKe},
       set(kPsk, {0xff, 0xff}),
       AlertDescription::kIllegalParameter,
       Reason::kBadPsk},
      {"a key of another hash",
       {kDheKe},
       set(kPsk, {0, 1}),
       AlertDescription::kIllegalParameter,
       Reason::kBadPsk},
      {"a suite of another hash",
       {kDheKe},
       [](Bytes* body) { (*body)[2 + 32 + 1 + 1] = 0x02; },
       AlertDescription::kIllegalParameter,
       Reason::kBadPsk},
      {"no share", {kDheKe}, remove(kShare), AlertDescription::kIllegalParameter, Reason::kBadPsk},
      {"a share unasked",
       {kKe},
       set(kShare, x25519_share),
       AlertDescription::kIllegalParameter,
       Reason::kBadPsk},
      {"neither",
       {kKe},
       remove(kPsk),
       AlertDescription::kMissingExtension,
       Reason::kMissingExtension},
      {"empty", {kDheKe}, set(kPsk, {}), AlertDescription::kDecodeError, Reason::kDecodeError},
      {"short", {kDheKe}, set(kPsk, {0}), AlertDescription::kDecodeError, Reason::kDecodeError},
      {"trailing",
       {kDheKe},
       set(kPsk, {0, 0, 0}),
       AlertDescription::kDecodeError,
       Reason::kDecodeError},
      {"modes answered",
       {kDheKe},
       set(ExtensionType::kPskKeyExchangeModes, {1, 1}),
       AlertDescription::kIllegalParameter,
       Reason::kBadExtension},
      {"twice",
       {kDheKe},
       [](Bytes* body) {
         EditExtensions(kSH, body, [](std::vector<RawExtension>* all) {
           all->push_back({static_cast<uint16_t>(ExtensionType::kPreSharedKey), {0, 0}});
         });
       },
       AlertDescription::kIllegalParameter,
       Reason::kDuplicateExtension},
  };
  for (const Case& test : kCases) {
    HandshakeConfig client_config = TestConfig();
    HandshakeConfig server_config = AskingServer();
    client_config.psk_modes = server_config.psk_modes = test.modes;
    HandshakePair pair(client_config, server_config,
                       Offering({External(1), External(2, HashId::kSha384)}));
    pair.provide_psk = Knowing({External(1)});
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (flying->type == kSH) test.change(&flying->body);
    };
    pair.Run();
    SCOPED_TRACE(test.what);
    ExpectFatal(pair.client.status, test.alert, test.reason);
    EXPECT_TRUE(pair.client.read_keys.empty());
  }
}

TEST(PskSelectionTest, UnsolicitedOrMisplaced) {
  HandshakePair unsolicited(TestConfig(), TestConfig(), Offering({}));
  unsolicited.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type == kSH) {
      SetExtension(kSH, &flying->body, ExtensionType::kPreSharedKey, {0, 0});
    }
  };
  unsolicited.Run();
  ExpectFatal(unsolicited.client.status, AlertDescription::kUnsupportedExtension,
              Reason::kUnsolicitedExtension);

  HandshakeConfig server_config = AskingServer();
  server_config.server.require_cookie = true;
  HandshakePair in_retry(TestConfig(), server_config, Offering({External(1)}));
  in_retry.tamper = unsolicited.tamper;
  in_retry.Run();
  ExpectFatal(in_retry.client.status, AlertDescription::kIllegalParameter, Reason::kBadExtension);
}

// A server has no use for certificates after a PSK, its own or the client's.
TEST(PskSelectionTest, CertificateMessagesAreUnexpected) {
  for (const HandshakeType type :
       {HandshakeType::kCertificate, HandshakeType::kCertificateRequest,
        HandshakeType::kCertificateVerify, HandshakeType::kNewSessionTicket}) {
    HandshakePair pair(TestConfig(), AskingServer(), Offering({External(1)}));
    pair.provide_psk = Knowing({External(1)});
    pair.tamper = [&](HandshakePair::Flying* flying) {
      if (!flying->from_client && flying->type == HandshakeType::kFinished) flying->type = type;
    };
    pair.Run();
    ExpectFatal(pair.client.status, AlertDescription::kUnexpectedMessage,
                Reason::kUnexpectedMessage);
  }
}

// A client that takes no signature cannot go on with a server that knows none of its keys.
TEST(PskSelectionTest, NoSelectionWithoutSignatureAlgorithms) {
  HandshakeConfig client_config = TestConfig();
  client_config.signature_schemes.clear();
  HandshakePair pair(client_config, AskingServer(), Offering({External(1)}));
  pair.provide_psk = Knowing({External(1)});
  pair.tamper = [](HandshakePair::Flying* flying) {
    if (flying->type == kSH) {
      RemoveExtension(kSH, &flying->body, ExtensionType::kPreSharedKey);
    }
  };
  pair.Run();
  ExpectFatal(pair.client.status, AlertDescription::kHandshakeFailure, Reason::kUnknownPskIdentity);
}

}  // namespace
}  // namespace dtls13
