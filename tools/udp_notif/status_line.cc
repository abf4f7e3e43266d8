// SPDX-License-Identifier: Apache-2.0
#include "tools/udp_notif/status_line.h"

#include <unistd.h>

#include <cstdio>
#include <utility>

namespace dtls13::udp_notif {

StatusLine::StatusLine(bool wanted, Instant start)
    : wanted_(wanted && isatty(STDERR_FILENO) == 1), last_(start) {}

StatusLine::~StatusLine() { Clear(); }

void StatusLine::Update(Instant now, uint64_t num_done,
                        const std::function<std::string(uint64_t)>& text) {
  if (!wanted_ || now - last_ < kInterval) return;
  const auto elapsed_us = static_cast<uint64_t>((now - std::exchange(last_, now)).count());
  const uint64_t num_new = num_done - std::exchange(last_num_done_, num_done);
  // To the line's begin, the text, and away with what is left of a longer one.
  std::fprintf(stderr, "\r%s\x1b[K", text(num_new * std::micro::den / elapsed_us).c_str());
  std::fflush(stderr);
  is_shown_ = true;
}

void StatusLine::Clear() {
  if (!std::exchange(is_shown_, false)) return;
  std::fputs("\r\x1b[K", stderr);
  std::fflush(stderr);
}

std::string WithThousands(uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string text;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

}  // namespace dtls13::udp_notif
