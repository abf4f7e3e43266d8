// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_TICKET_KEY_FILE_H_
#define DTLS13_TICKET_KEY_FILE_H_

#include <sys/stat.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "dtls13/session/ticket_keyring.h"

namespace dtls13 {

// ParseTicketKeys reads the keys of session tickets that a fleet of servers shares, as a file has
// them: a line for each, of a name of 32 hexadecimal digits, a space and a key of 64. The first one
// seals and all of them open. Empty lines, and lines that begin with "#", say nothing. Nothing for
// any other text, for one without keys, with more than TicketKeyring::kMaxKeys, or with a name
// twice; `*error` is then one sentence for a person, without any of the keys.
std::optional<std::vector<TicketKey>> ParseTicketKeys(std::span<const char> text,
                                                      std::string* error);

// TicketKeyFile keeps a keyring's keys as a file has them, which somebody else rotates: a new key
// is written behind the others until all servers have it, and then moved to the front; the oldest
// go when their tickets have. Files are replaced by rename(2), so that no half of one is read.
//
// It does not know when to look: its caller calls Refresh, every minute or on a signal.
class TicketKeyFile {
 public:
  // kMaxFileLen bytes: many times what the most keys take.
  static constexpr size_t kMaxFileLen = 16 * 1024;

  // Open reads the file for the first time. On null, `*error` is one sentence.
  static std::unique_ptr<TicketKeyFile> Open(std::string path,
                                             std::shared_ptr<TicketKeyring> keyring,
                                             std::string* error);

  // Refresh reads the file again if it is another than it was. False, with one sentence in
  // `*error`, where it cannot be read or is wrong: then the keys stay as they are. A file that
  // everybody may read is wrong.
  [[nodiscard]] bool Refresh(std::string* error);

 private:
  TicketKeyFile(std::string path, std::shared_ptr<TicketKeyring> keyring)
      : path_(std::move(path)), keyring_(std::move(keyring)) {}

  // What tells one version of the file from another. Whoever copies files with their times sets
  // the modification's back, and an inode's number is used again; the change's time nobody sets.
  struct Version {
    dev_t device = 0;
    ino_t inode = 0;
    off_t len = 0;
    int64_t modified_s = 0;
    int64_t modified_ns = 0;
    int64_t changed_s = 0;
    int64_t changed_ns = 0;

    friend bool operator==(const Version&, const Version&) = default;
  };

  const std::string path_;
  const std::shared_ptr<TicketKeyring> keyring_;
  Version version_;  // of the keys that are in force
};

}  // namespace dtls13

#endif  // DTLS13_TICKET_KEY_FILE_H_
