// SPDX-License-Identifier: Apache-2.0
#include "shim/answer/application_sizing.h"

#include <algorithm>

#include "dtls13/association.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

class ApplicationSizing final : public RecordSizing {
 public:
  explicit ApplicationSizing(SslAttachment& attachment) : attachment_(attachment) {}

  size_t MaxContentLen() override { return settings().max_send_fragment; }

  size_t PaddingLen(ContentType type, size_t inner_len) override {
    if (settings().padding == nullptr && BlockOf(type) == 0) return 0;
    // SSL_set_max_send_fragment bounds the content and, in libssl's TLS 1.3, what is padded of it
    // together with its type. A record that is as long is not asked about.
    const size_t agreed =
        attachment_.association()->facts().result.connection.max_send_inner_len - size_t{1};
    const size_t max_len = std::min(settings().max_send_fragment, agreed);
    return inner_len < max_len ? std::min(Wanted(type, inner_len), max_len - inner_len) : 0;
  }

 private:
  const RecordSettings& settings() const { return attachment_.settings.records; }

  size_t Wanted(ContentType type, size_t inner_len) const {
    if (settings().padding != nullptr) {
      // The association is at work: what the callback does to the SSL may not drive it.
      SslAttachment::Busy busy(attachment_);
      SSL* ssl = attachment_.ssl();
      return settings().padding(ssl, static_cast<int>(type), inner_len,
                                Real().SSL_get_record_padding_callback_arg(ssl));
    }
    const size_t block = BlockOf(type);
    const size_t beyond = inner_len % block;
    return beyond == 0 ? 0 : block - beyond;
  }

  size_t BlockOf(ContentType type) const {
    return type == ContentType::kApplicationData ? settings().data_block : settings().other_block;
  }

  SslAttachment& attachment_;
};

}  // namespace

std::shared_ptr<RecordSizing> SizingOf(SslAttachment& attachment) {
  return std::make_shared<ApplicationSizing>(attachment);
}

}  // namespace dtls13::shim
