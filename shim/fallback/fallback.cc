// SPDX-License-Identifier: Apache-2.0
#include "shim/fallback/fallback.h"

#include <algorithm>
#include <array>
#include <new>

#include "dtls13/message/server_hello.h"
#include "dtls13/wire/plaintext_handshake.h"
#include "dtls13/wire/record_header.h"
#include "shim/attachment/protocol_version.h"
#include "shim/attachment/ssl_attachment.h"
#include "shim/bio/bio_transport.h"
#include "shim/bio/filter_bio.h"
#include "shim/bio/peer_guard.h"
#include "shim/bio/replay_bio.h"
#include "shim/fallback/quiet_libssl.h"
#include "shim/libssl/error_map.h"
#include "shim/libssl/error_mark.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

// kMaxReceivedLen and kMaxReceived bound what is kept for libssl: a server's first flight with a
// long chain. What is over it the server sends again.
constexpr size_t kMaxReceivedLen = 64 * 1024;
constexpr size_t kMaxReceived = 128;

// Where the number stands in a plaintext record's header, and its length in bytes.
constexpr size_t kNumberAt = 5;
constexpr size_t kNumberLen = 6;

uint64_t ReadNumber(std::span<const uint8_t> header) {
  uint64_t number = 0;
  for (uint8_t byte : header.subspan(kNumberAt, kNumberLen)) number = number << 8 | byte;
  return number;
}

void WriteNumber(uint64_t number, std::span<uint8_t> header) {
  for (size_t i = kNumberLen; i-- > 0; number >>= 8) {
    header[kNumberAt + i] = static_cast<uint8_t>(number);
  }
}

// ForEachPlaintextRecord calls `visit` with each record of epoch 0 in a datagram of DTLS 1.2.
template <typename Byte, typename Visitor>
void ForEachPlaintextRecord(std::span<Byte> datagram, Visitor visit) {
  while (!datagram.empty()) {
    const size_t len = RecordExtent(datagram, /*connection_id_len=*/0);
    if (len < kPlaintextHeaderLen) return;
    const bool is_plaintext = datagram[3] == 0 && datagram[4] == 0;
    if (is_plaintext) visit(datagram.first(len));
    datagram = datagram.subspan(len);
  }
}

uint64_t NextNumber(std::span<const uint8_t> datagram, uint64_t next) {
  ForEachPlaintextRecord(datagram, [&next](std::span<const uint8_t> record) {
    next = std::max(next, ReadNumber(record) + 1);
  });
  return next;
}

bool Has(std::span<const uint8_t> datagram, HandshakeType type) {
  PlaintextFragmentReader reader(datagram);
  PlaintextFragment found;
  while (reader.Next(&found)) {
    if (found.fragment.header.type == type) return true;
  }
  return false;
}

bool HasMode(SSL* ssl, long mode) {
  return (Real().SSL_ctrl(ssl, SSL_CTRL_MODE, 0, nullptr) & mode) != 0;
}

}  // namespace

// GuardFilter is what libssl's records go through. Those of epoch 0 are numbered on from ours, so
// that none is taken for a replay.
class Fallback::GuardFilter final : public FilterBio {
 public:
  GuardFilter(uint64_t offset, uint64_t next_number) : offset_(offset), next_number_(next_number) {}

  uint64_t next_number() const { return next_number_; }
  // Block makes every write fail for good.
  void Block() { is_blocked_ = true; }

  int Write(BIO* bio, std::span<const uint8_t> data) override {
    if (is_blocked_) return -1;
    std::vector<uint8_t> datagram(data.begin(), data.end());
    ForEachPlaintextRecord(std::span<uint8_t>(datagram), [this](std::span<uint8_t> record) {
      WriteNumber(ReadNumber(record) + offset_, record);
    });
    next_number_ = NextNumber(datagram, next_number_);
    return FilterBio::Write(bio, datagram);
  }

 private:
  const uint64_t offset_;
  uint64_t next_number_;
  bool is_blocked_ = false;
};

Fallback::GuardFilter* Fallback::Guard(SSL* ssl) {
  auto* guard = dynamic_cast<GuardFilter*>(FilterOf(Real().SSL_get_wbio(ssl)));
  if (guard == nullptr) {
    auto fresh =
        std::unique_ptr<GuardFilter>(new (std::nothrow) GuardFilter(offset_, next_number_));
    guard = fresh.get();
    if (guard == nullptr || PutBeforeWriteBio(ssl, std::move(fresh)) == nullptr) return nullptr;
  }
  next_number_ = guard->next_number();
  return guard;
}

std::unique_ptr<Fallback> Fallback::Prepare(SslAttachment& attachment) {
  if (!AllowsOlder(attachment)) return nullptr;
  auto fallback = std::unique_ptr<Fallback>(new (std::nothrow) Fallback);
  if (fallback == nullptr) return nullptr;
  ErrorMark mark;
  std::vector<std::vector<uint8_t>> written;
  QuietLibssl quiet(attachment, &written);
  if (!quiet.ok()) return nullptr;
  Real().SSL_do_handshake(attachment.ssl());
  if (fallback->ReadCapture(written)) return fallback;
  Real().SSL_clear(attachment.ssl());
  return nullptr;
}

// ReadCapture puts the hello together. False when there is none.
bool Fallback::ReadCapture(const std::vector<std::vector<uint8_t>>& written) {
  for (const std::vector<uint8_t>& datagram : written) {
    libssl_next_number_ = NextNumber(datagram, libssl_next_number_);
    PlaintextFragmentReader reader(datagram);
    PlaintextFragment found;
    while (reader.Next(&found)) {
      const HandshakeHeader& header = found.fragment.header;
      if (header.type != HandshakeType::kClientHello || header.message_seq != 0 ||
          header.fragment_offset != hello_.size()) {
        return false;
      }
      const std::span<const uint8_t> body = found.fragment.body;
      hello_.insert(hello_.end(), body.begin(), body.end());
      if (hello_.size() == header.message_len) return true;
    }
  }
  return false;
}

void Fallback::NoteSent(std::span<const uint8_t> datagram) {
  next_number_ = NextNumber(datagram, next_number_);
}

void Fallback::NoteReceived(std::span<const uint8_t> datagram) {
  // Until there are keys nothing else is the server's flight.
  PlaintextFragment first;
  if (!PlaintextFragmentReader(datagram).Next(&first) || received_.size() >= kMaxReceived ||
      received_len_ + datagram.size() > kMaxReceivedLen) {
    return;
  }
  received_len_ += datagram.size();
  received_.emplace_back(datagram.begin(), datagram.end());
}

bool Fallback::Commit(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  const CtxAttachment* ctx = attachment.ctx();
  const bool has_cookie = std::ranges::any_of(received_, [](const std::vector<uint8_t>& datagram) {
    return Has(datagram, HandshakeType::kHelloVerifyRequest);
  });
  if (ctx != nullptr && ctx->transcript_digests.available()) {
    correction_.emplace(
        WholeMessage(HandshakeType::kClientHello, 0, hello_),
        WholeMessage(HandshakeType::kClientHello, 0, attachment.facts.client_hello().body));
  } else if (!has_cookie) {
    Refuse(attachment, SSL_R_UNSUPPORTED_PROTOCOL, SSL_AD_PROTOCOL_VERSION);
    return false;
  }
  LetExpiredTimerPass(attachment);
  offset_ = next_number_ > libssl_next_number_ ? next_number_ - libssl_next_number_ : 0;
  if (Guard(ssl) == nullptr || !GuardReadBio(ssl) ||
      !Replay(ssl, std::move(received_), AfterReplay::kPassThrough)) {
    Raise(SSL_R_BIO_NOT_SET);
    return false;
  }
  // Whatever libssl makes of what it is given: what it has written was not sent, and what it will
  // write says that there was more.
  signals_fallback_ = !HasMode(ssl, SSL_MODE_SEND_FALLBACK_SCSV);
  Real().SSL_ctrl(ssl, SSL_CTRL_MODE, SSL_MODE_SEND_FALLBACK_SCSV, nullptr);
  committed_ = true;
  Real().SSL_set_msg_callback(ssl, OnMessage);
  return true;
}

bool Fallback::IsShimsMessageCallback(void (*callback)(void)) {
  return callback == reinterpret_cast<void (*)(void)>(OnMessage) ||
         QuietLibssl::IsOwnMessageCallback(callback);
}

// LetExpiredTimerPass: libssl's timer runs since it wrote its hello, and would have it send that
// one before it reads.
void Fallback::LetExpiredTimerPass(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  timeval left = {};
  if (Real().SSL_ctrl(ssl, DTLS_CTRL_GET_TIMEOUT, 0, &left) != 1 || left.tv_sec > 0 ||
      left.tv_usec > 0) {
    return;
  }
  ErrorMark mark;
  std::vector<std::vector<uint8_t>> written;
  QuietLibssl quiet(attachment, &written);
  if (quiet.ok()) Real().SSL_ctrl(ssl, DTLS_CTRL_HANDLE_TIMEOUT, 0, nullptr);
  for (const std::vector<uint8_t>& datagram : written) {
    libssl_next_number_ = NextNumber(datagram, libssl_next_number_);
  }
}

// Refuse tells the server and the application that the connection is over.
void Fallback::Refuse(SslAttachment& attachment, int reason, uint8_t alert) {
  if (refused_) return;
  refused_ = true;
  const std::array<uint8_t, kAlertLen> content = {SSL3_AL_FATAL, alert};
  std::array<uint8_t, kPlaintextHeaderLen + kAlertLen> record;
  WritePlaintextRecord(ContentType::kAlert, SequenceNumber{next_number_}, content, record);
  {
    ErrorMark mark;
    WriteDatagram(attachment.ssl(), record);
    Flush(attachment.ssl());
  }
  Raise(reason);
}

// OnMessage is libssl's message callback while it is in the handshake, in front of the
// application's.
void Fallback::OnMessage(int write_p, int version, int content_type, const void* buf, size_t len,
                         SSL* ssl, void* arg) {
  SslAttachment* attachment = SslAttachment::Find(ssl);
  if (attachment == nullptr) return;
  const std::span<const uint8_t> message(static_cast<const uint8_t*>(buf), len);
  if (write_p == 0 && content_type == SSL3_RT_HANDSHAKE && len > kHandshakeHeaderLen &&
      message[0] == static_cast<uint8_t>(HandshakeType::kServerHello) &&
      Of(*attachment) != nullptr) {
    //= rfc8446#section-4.1.3
    //# TLS 1.3 clients receiving a ServerHello indicating TLS 1.2 or below
    //# MUST check that the last 8 bytes are not equal to either of these
    //# values.
    const auto hello = ParseServerHello(message.subspan(kHandshakeHeaderLen));
    if (hello.has_value() && hello->ShowsDowngrade()) {
      Of(*attachment)->saw_downgrade_ = true;
      Of(*attachment)->BeforeCall(*attachment);
    }
  }
  if (const MessageFunction function = attachment->settings.message.function) {
    function(write_p, version, content_type, buf, len, ssl, arg);
  }
}

void Fallback::BeforeCall(SslAttachment& attachment) {
  if (!committed_) return;
  GuardFilter* guard = Guard(attachment.ssl());
  // Without another flight of its own libssl cannot complete a handshake.
  if (guard != nullptr && saw_downgrade_) guard->Block();
}

bool Fallback::AfterCall(SslAttachment& attachment) {
  if (!committed_) return false;
  if (saw_downgrade_) {
    Guard(attachment.ssl());
    Refuse(attachment, SSL_R_INAPPROPRIATE_FALLBACK, SSL_AD_ILLEGAL_PARAMETER);
    return false;
  }
  if (Real().SSL_is_init_finished(attachment.ssl()) == 0) return false;
  Withdraw(attachment);
  // What libssl may send again has to have the numbers that it had.
  if (offset_ == 0) RemoveFromWriteBio(attachment.ssl(), Guard(attachment.ssl()));
  return true;
}

void Fallback::Withdraw(SslAttachment& attachment) {
  SSL* ssl = attachment.ssl();
  if (signals_fallback_) {
    Real().SSL_ctrl(ssl, SSL_CTRL_CLEAR_MODE, SSL_MODE_SEND_FALLBACK_SCSV, nullptr);
  }
  if (!committed_) return;
  committed_ = false;
  Real().SSL_set_msg_callback(ssl, attachment.settings.message.function);
}

}  // namespace dtls13::shim
