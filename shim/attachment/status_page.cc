// SPDX-License-Identifier: Apache-2.0
#include "shim/attachment/status_page.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <new>
#include <string_view>

#include "dtls13/crypto/named_group.h"
#include "dtls13/version.h"
#include "dtls13/wire/code_points.h"
#include "shim/libssl/policy.h"

namespace dtls13::shim {
namespace {

// Out of the way of programs that reckon with the lowest numbers, and of select.
constexpr int kLeastFileNumber = 200;

struct Label {
  std::string_view group;
  std::string_view name;
};

constexpr std::string_view kConnections = "connections";
constexpr std::string_view kSuite = "suite";
constexpr std::string_view kGroup = "group";
constexpr std::string_view kDropped = "dropped";
constexpr std::string_view kSending = "sending";
constexpr std::string_view kRecordsBy = "records by";
constexpr std::string_view kToLibssl = "to libssl";

// The counters in their order: those of an enumeration are in its order.
constexpr Label kLabels[] = {
    // State.
    {kConnections, "in handshake"},
    {kConnections, "open"},
    {kConnections, "over"},
    {kConnections, "begun"},
    {kConnections, "DTLSv1.3 negotiated"},
    {kConnections, "failed"},
    {kSuite, "TLS_AES_128_GCM_SHA256"},
    {kSuite, "TLS_AES_256_GCM_SHA384"},
    {kSuite, "TLS_CHACHA20_POLY1305_SHA256"},
    {kGroup, "none"},
    {kGroup, "P-256"},
    {kGroup, "P-384"},
    {kGroup, "P-521"},
    {kGroup, "X25519"},
    {kGroup, "X448"},
    {kGroup, "SecP256r1MLKEM768"},
    {kGroup, "X25519MLKEM768"},
    {kGroup, "another"},
    // DropReason.
    {kDropped, "malformed header"},
    {kDropped, "unknown first byte"},
    {kDropped, "unexpected plaintext"},
    {kDropped, "Connection ID"},
    {kDropped, "unknown epoch"},
    {kDropped, "authentication"},
    {kDropped, "replay"},
    {kDropped, "bad inner plaintext"},
    {kSending, "retransmissions"},
    {kSending, "MTU of the newest"},
    // RecordCryptoStatus.
    {kRecordsBy, "libcrypto"},
    {kRecordsBy, "libipsec-mb"},
    {kRecordsBy, "libcrypto: no libipsec-mb"},
    {kRecordsBy, "libcrypto: not on this processor"},
    {kRecordsBy, "libcrypto: property query"},
    {kRecordsBy, "libcrypto: FIPS or other provider"},
    {kRecordsBy, "libcrypto: libipsec-mb is wrong"},
    // LibsslCause.
    {kToLibssl, "policy"},
    {kToLibssl, "options"},
    {kToLibssl, "certificate transparency"},
    {kToLibssl, "security level"},
    {kToLibssl, "session of an older version"},
    {kToLibssl, "method of one version"},
    {kToLibssl, "maximum version"},
    {kToLibssl, "suites, groups or signatures"},
    {kToLibssl, "no credential for DTLS 1.3"},
    {kToLibssl, "method of the other side"},
    {kToLibssl, "peer without DTLS 1.3"},
};

constexpr size_t IndexOf(std::string_view group, std::string_view name) {
  size_t index = 0;
  while (kLabels[index].group != group || kLabels[index].name != name) ++index;
  return index;
}

constexpr size_t kStates = IndexOf(kConnections, "in handshake");
constexpr size_t kBegun = IndexOf(kConnections, "begun");
constexpr size_t kCompleted = IndexOf(kConnections, "DTLSv1.3 negotiated");
constexpr size_t kFailed = IndexOf(kConnections, "failed");
constexpr size_t kNoGroup = IndexOf(kGroup, "none");
constexpr size_t kOtherGroup = IndexOf(kGroup, "another");
constexpr size_t kDrops = IndexOf(kDropped, "malformed header");
constexpr size_t kRetransmissions = IndexOf(kSending, "retransmissions");
constexpr size_t kMtu = IndexOf(kSending, "MTU of the newest");
constexpr size_t kRecordCrypto = IndexOf(kRecordsBy, "libcrypto");
constexpr size_t kCauses = IndexOf(kToLibssl, "policy");

static_assert(std::size(kLabels) <= kMaxStatusCounters);
static_assert(kRetransmissions - kDrops == static_cast<size_t>(DropReason::kCount));
static_assert(std::size(kLabels) - kCauses == static_cast<size_t>(LibsslCause::kCount));
static_assert(sizeof(StatusHeader) == 64 && sizeof(StatusCounter) == 64);

size_t SuiteCounter(CipherSuiteId suite) {
  switch (suite) {
    case CipherSuiteId::kAes128GcmSha256:
      return IndexOf(kSuite, "TLS_AES_128_GCM_SHA256");
    case CipherSuiteId::kAes256GcmSha384:
      return IndexOf(kSuite, "TLS_AES_256_GCM_SHA384");
    case CipherSuiteId::kChaCha20Poly1305Sha256:
      break;
  }
  return IndexOf(kSuite, "TLS_CHACHA20_POLY1305_SHA256");
}

size_t GroupCounter(NamedGroup group) {
  if (group == NamedGroup{}) return kNoGroup;  // a PSK alone
  const NamedGroupInfo* info = FindNamedGroup(group);
  size_t index = kNoGroup + 1;
  while (index < kOtherGroup && (info == nullptr || kLabels[index].name != info->name)) ++index;
  return index;
}

template <size_t len>
void CopyText(std::string_view text, char (&out)[len]) {
  std::memcpy(out, text.data(), std::min(text.size(), len - 1));
}

// NewFile makes a memory file that nobody can make shorter, which would be a SIGBUS here.
int NewFile() {
  const int file = memfd_create(kStatusName, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (file < 0) return file;
  const int high = fcntl(file, F_DUPFD_CLOEXEC, kLeastFileNumber);
  if (high >= 0) close(file);
  const int kept = high >= 0 ? high : file;
  if (fchmod(kept, S_IRUSR | S_IWUSR) == 0 && ftruncate(kept, kStatusLen) == 0 &&
      fcntl(kept, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) == 0) {
    return kept;
  }
  close(kept);
  return -1;
}

StatusPage* process_page = nullptr;

}  // namespace

StatusPage* StatusPage::Current() {
  static StatusPage* const page = CurrentPolicy().status ? Make() : nullptr;
  return page;
}

StatusPage* StatusPage::Make() {
  const int file = NewFile();
  if (file < 0) return nullptr;
  void* page = mmap(nullptr, kStatusLen, PROT_READ | PROT_WRITE, MAP_SHARED, file, /*offset=*/0);
  if (page == MAP_FAILED) {
    close(file);
    return nullptr;
  }
  // Never destroyed: SSLs may outlive static destructors.
  process_page = new StatusPage(static_cast<uint8_t*>(page), file);
  pthread_atfork(nullptr, nullptr, RenewInChild);
  return process_page;
}

StatusPage::StatusPage(uint8_t* page, int file) : page_(page) {
  Label();
  Remember(file);
}

void StatusPage::RenewInChild() { process_page->Renew(); }

// The page of a child takes the place of its parent's, where everything points already. Only what
// may be called between fork and exec is called here.
void StatusPage::Renew() {
  struct stat status;
  // The program may have closed the file, and have another of that number.
  if (fstat(file_, &status) == 0 && status.st_dev == device_ && status.st_ino == inode_) {
    close(file_);
  }
  const int file = NewFile();
  // Where there is no file nobody sees the page, but it is not the parent's.
  const int flags = file >= 0 ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS;
  mmap(page_, kStatusLen, PROT_READ | PROT_WRITE, flags | MAP_FIXED, file, /*offset=*/0);
  ++generation_;
  Label();
  Remember(file);
}

void StatusPage::Remember(int file) {
  file_ = file;
  struct stat status;
  if (fstat(file, &status) != 0) return;
  device_ = status.st_dev;
  inode_ = status.st_ino;
}

void StatusPage::Label() {
  for (size_t i = 0; i < std::size(kLabels); ++i) {
    auto* counter = new (page_ + sizeof(StatusHeader) + i * sizeof(StatusCounter)) StatusCounter{};
    CopyText(kLabels[i].group, counter->group);
    CopyText(kLabels[i].name, counter->name);
  }
  auto* header = new (page_) StatusHeader{};
  header->layout = kStatusLayout;
  header->num_counters = std::size(kLabels);
  CopyText(dtls13_version(), header->version);
  // The magic comes last: before it the page is nobody's.
  uint64_t magic = 0;
  std::memcpy(&magic, kStatusMagic, sizeof magic);
  std::atomic_ref(header->magic).store(magic, std::memory_order_release);
}

void StatusPage::Add(size_t counter, uint64_t difference) {
  auto* counters = reinterpret_cast<StatusCounter*>(page_ + sizeof(StatusHeader));
  std::atomic_ref(counters[counter].value).fetch_add(difference, std::memory_order_relaxed);
}

void StatusPage::Set(size_t counter, uint64_t value) {
  auto* counters = reinterpret_cast<StatusCounter*>(page_ + sizeof(StatusHeader));
  std::atomic_ref(counters[counter].value).store(value, std::memory_order_relaxed);
}

void StatusPage::Count(LibsslCause cause) { Add(kCauses + static_cast<size_t>(cause), 1); }

void StatusPage::Count(RecordCryptoStatus status) {
  Add(kRecordCrypto + static_cast<size_t>(status), 1);
}

void StatusPage::CountRetransmission() { Add(kRetransmissions, 1); }

ConnectionStatus::ConnectionStatus() {
  StatusPage* page = StatusPage::Current();
  if (page == nullptr) return;
  counted_.reset(new (std::nothrow) Counted{page, page->generation()});
  if (counted_ == nullptr) return;
  page->Add(kBegun, 1);
  Enter(State::kHandshaking);
}

ConnectionStatus::~ConnectionStatus() {
  if (counted_ != nullptr) Enter(State::kNone);
}

void ConnectionStatus::CountRetransmission() {
  if (counted_ != nullptr) counted_->page->CountRetransmission();
}

void ConnectionStatus::UpdateCounted(const AssociationFacts& facts) {
  StatusPage& page = *counted_->page;
  if (facts.connected && !counted_->is_completed) CountCompletion(facts);
  if (facts.failed && !counted_->is_failed) {
    counted_->is_failed = true;
    page.Add(kFailed, 1);
  }
  const bool is_over = facts.failed || facts.close_sent || facts.peer_closed;
  Enter(is_over ? State::kOver : facts.connected ? State::kOpen : State::kHandshaking);
  for (size_t i = 0; i < kNumDropReasons; ++i) {
    const uint64_t num_dropped = facts.records.num_dropped(static_cast<DropReason>(i));
    if (num_dropped == counted_->drops[i]) continue;
    page.Add(kDrops + i, num_dropped - counted_->drops[i]);
    counted_->drops[i] = num_dropped;
  }
}

void ConnectionStatus::CountCompletion(const AssociationFacts& facts) {
  counted_->is_completed = true;
  StatusPage& page = *counted_->page;
  page.Add(kCompleted, 1);
  if (facts.result.suite != nullptr) page.Add(SuiteCounter(facts.result.suite->id), 1);
  page.Add(GroupCounter(facts.result.group), 1);
  page.Set(kMtu, facts.mtu);
}

void ConnectionStatus::Enter(State state) {
  StatusPage& page = *counted_->page;
  if (counted_->generation != page.generation()) {
    // A parent's connection is counted in its page, and now in this one too.
    counted_->generation = page.generation();
    counted_->state = State::kNone;
  }
  if (counted_->state == state) return;
  if (counted_->state != State::kNone) {
    page.Add(kStates + static_cast<size_t>(counted_->state), UINT64_MAX);  // one less
  }
  if (state != State::kNone) page.Add(kStates + static_cast<size_t>(state), 1);
  counted_->state = state;
}

}  // namespace dtls13::shim
