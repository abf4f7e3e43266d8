// SPDX-License-Identifier: Apache-2.0
#include "shim/fallback/quiet_libssl.h"

#include <memory>
#include <new>

#include "shim/bio/filter_bio.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

class CaptureFilter final : public FilterBio {
 public:
  explicit CaptureFilter(std::vector<std::vector<uint8_t>>* written) : written_(written) {}

  int Read(BIO* bio, std::span<uint8_t> /*out*/) override {
    BIO_set_retry_read(bio);
    return -1;
  }

  int Write(BIO* /*bio*/, std::span<const uint8_t> data) override {
    written_->emplace_back(data.begin(), data.end());
    return static_cast<int>(data.size());
  }

  long Control(BIO* bio, int command, long number, void* pointer) override {
    switch (command) {
      case BIO_CTRL_FLUSH:
        return 1;
      // Applications drive their loops by the deadline that they are told here.
      case BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT:
      case BIO_CTRL_DGRAM_GET_RECV_TIMER_EXP:
      case BIO_CTRL_DGRAM_GET_SEND_TIMER_EXP:
      case BIO_CTRL_DGRAM_MTU_EXCEEDED:
      case BIO_CTRL_PENDING:
      case BIO_CTRL_WPENDING:
      case BIO_CTRL_EOF:
        return 0;
      default:
        return FilterBio::Control(bio, command, number, pointer);
    }
  }

 private:
  std::vector<std::vector<uint8_t>>* const written_;
};

void TellNobody(const SSL* /*ssl*/, int /*type*/, int /*value*/) {}

void ShowNobody(int /*write_p*/, int /*version*/, int /*content_type*/, const void* /*buf*/,
                size_t /*len*/, SSL* /*ssl*/, void* /*arg*/) {}

// A reference for one more owner; null stays null.
BIO* Share(BIO* bio) {
  if (bio != nullptr) BIO_up_ref(bio);
  return bio;
}

}  // namespace

QuietLibssl::QuietLibssl(SslAttachment& attachment, std::vector<std::vector<uint8_t>>* written)
    : attachment_(attachment), in_libssl_(attachment) {
  SSL* ssl = attachment.ssl();
  BIO* write_bio = Real().SSL_get_wbio(ssl);
  auto filter = std::unique_ptr<CaptureFilter>(new (std::nothrow) CaptureFilter(written));
  if (write_bio == nullptr || filter == nullptr) return;
  BIO* bio = NewFilter(std::move(filter), write_bio);
  if (bio == nullptr) return;
  read_bio_ = Share(Real().SSL_get_rbio(ssl));
  write_bio_ = Share(write_bio);
  Real().SSL_set0_rbio(ssl, Share(bio));
  Real().SSL_set0_wbio(ssl, bio);
  info_callback_ = Real().SSL_get_info_callback(ssl);
  // Not null, which would mean the SSL_CTX's.
  Real().SSL_set_info_callback(ssl, TellNobody);
  Real().SSL_set_msg_callback(ssl, ShowNobody);
  Real().DTLS_set_timer_cb(ssl, nullptr);
  capturing_ = true;
}

bool QuietLibssl::IsOwnMessageCallback(void (*callback)(void)) {
  return callback == reinterpret_cast<void (*)(void)>(ShowNobody);
}

QuietLibssl::~QuietLibssl() {
  if (!capturing_) return;
  SSL* ssl = attachment_.ssl();
  Real().SSL_set0_rbio(ssl, read_bio_);
  Real().SSL_set0_wbio(ssl, write_bio_);
  Real().SSL_set_info_callback(ssl, info_callback_);
  Real().SSL_set_msg_callback(ssl, attachment_.settings.message.function);
  Real().DTLS_set_timer_cb(ssl, attachment_.timer.get());
}

}  // namespace dtls13::shim
