// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/tell.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>

#include "dtls13/wire/record_header.h"
#include "shim/libssl/complaint.h"
#include "shim/libssl/policy.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

using InfoCallback = void (*)(const SSL* ssl, int where, int value);

InfoCallback InfoCallbackOf(SSL* ssl) {
  if (InfoCallback callback = Real().SSL_get_info_callback(ssl)) return callback;
  return Real().SSL_CTX_get_info_callback(Real().SSL_get_SSL_CTX(ssl));
}

SSL_CTX_keylog_cb_func KeyLogCallbackOf(SSL* ssl) {
  return Real().SSL_CTX_get_keylog_callback(Real().SSL_get_SSL_CTX(ssl));
}

// One write, so that the lines of several processes do not mix. A file that cannot be written stops
// no connection and is told once, and errno stays the network's.
void AppendToFile(const std::string& file, std::string_view text) {
  const int error = errno;
  const int fd = open(file.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  static std::atomic_flag is_told;
  if (fd >= 0) {
    [[maybe_unused]] const ssize_t written = write(fd, text.data(), text.size());
    close(fd);
  } else if (!is_told.test_and_set()) {
    Complain("key_log: " + file + " cannot be written: " + std::generic_category().message(errno));
  }
  errno = error;
}

// ConnectionIdLen is that of the Connection IDs in the records we send, or in those we receive.
size_t ConnectionIdLen(const SslAttachment& attachment, bool outgoing) {
  if (!outgoing) return CurrentPolicy().connection_id_len;
  const Association* association = attachment.association();
  return association == nullptr ? 0 : association->facts().records.send_connection_id().size();
}

void TellMessage(SslAttachment& attachment, bool outgoing, int content_type,
                 std::span<const uint8_t> bytes) {
  const Callback<MessageFunction> callback = attachment.settings.message;
  if (!callback) return;
  callback(outgoing ? 1 : 0, DTLS1_3_VERSION, content_type, bytes.data(), bytes.size(),
           attachment.ssl());
}

void TellAlert(SslAttachment& attachment, const Event& event) {
  if (event.data.size() != kAlertLen) return;
  TellInfo(attachment, event.trace.outgoing ? SSL_CB_WRITE_ALERT : SSL_CB_READ_ALERT,
           event.data[0] << 8 | event.data[1]);
}

}  // namespace

void TellInfo(SslAttachment& attachment, int where, int value) {
  if (InfoCallback callback = InfoCallbackOf(attachment.ssl())) {
    callback(attachment.ssl(), where, value);
  }
}

void TellTrace(SslAttachment& attachment, const Event& event) {
  const auto content_type = static_cast<uint8_t>(event.trace.content_type);
  if (event.trace.epoch > kPlaintextEpoch) {
    TellMessage(attachment, event.trace.outgoing, SSL3_RT_INNER_CONTENT_TYPE,
                std::span(&content_type, 1));
  }
  TellMessage(attachment, event.trace.outgoing, content_type, event.data);
  if (event.trace.content_type == ContentType::kAlert) TellAlert(attachment, event);
}

void TellRecordHeaders(SslAttachment& attachment, bool outgoing, std::span<const uint8_t> datagram,
                       bool with_contents) {
  if (!attachment.settings.message) return;
  const size_t connection_id_len = ConnectionIdLen(attachment, outgoing);
  while (!datagram.empty()) {
    const size_t record_len = RecordExtent(datagram, connection_id_len);
    if (record_len == 0) return;
    const bool is_plaintext = ClassifyRecord(datagram[0]) == RecordKind::kPlaintext;
    size_t header_len = kPlaintextHeaderLen;
    if (!is_plaintext) {
      const bool has_16_bit_number = (datagram[0] & 0x08) != 0;
      const bool has_length = (datagram[0] & 0x04) != 0;
      header_len = 1 + (HasConnectionId(datagram[0]) ? connection_id_len : 0) +
                   (has_16_bit_number ? 2 : 1) + (has_length ? 2 : 0);
    }
    if (header_len > record_len) return;
    TellMessage(attachment, outgoing, SSL3_RT_HEADER, datagram.first(header_len));
    if (is_plaintext && with_contents) {
      TellMessage(attachment, outgoing, datagram[0],
                  datagram.subspan(header_len, record_len - header_len));
    }
    datagram = datagram.subspan(record_len);
  }
}

bool WantsKeyLog(SSL* ssl) {
  return KeyLogCallbackOf(ssl) != nullptr || !CurrentPolicy().key_log.empty();
}

void TellKeyLog(SslAttachment& attachment, std::span<const uint8_t> line) {
  std::string text;
  // Room for the end of the line too: growing would leave a copy of the secret behind.
  text.reserve(line.size() + 1);
  text.assign(line.begin(), line.end());
  if (const SSL_CTX_keylog_cb_func callback = KeyLogCallbackOf(attachment.ssl())) {
    callback(attachment.ssl(), text.c_str());
  }
  if (const std::string& file = CurrentPolicy().key_log; !file.empty()) {
    text += '\n';
    AppendToFile(file, text);
  }
  OPENSSL_cleanse(text.data(), text.size());
}

}  // namespace dtls13::shim
