// SPDX-License-Identifier: Apache-2.0
#include "shim/interpose/interposer.h"

#include <dlfcn.h>
#include <openssl/x509_vfy.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "shim/interpose/loaded_object.h"
#include "shim/libssl/libssl_generation.h"
#include "shim/libssl/real_libssl.h"

namespace dtls13::shim {
namespace {

struct CloseHandle {
  void operator()(void* handle) const { dlclose(handle); }
};
using Handle = std::unique_ptr<void, CloseHandle>;

// Loaded is null for what is not loaded, and never loads it. An empty name is the program's.
Handle Loaded(const char* name) {
  const char* file = name != nullptr && *name == '\0' ? nullptr : name;
  return Handle(dlopen(file, RTLD_LAZY | RTLD_NOLOAD));
}

// Target is a function of libssl or libcrypto, and what is to be called in its place.
struct Target {
  void* real = nullptr;
  void* ours = nullptr;
  // Where others than libssl call it, they call libcrypto's still.
  bool is_for_libssl_alone = false;
};

// Change is one slot that leads to `ours` from now on.
struct Change {
  void** slot = nullptr;
  void* ours = nullptr;
  bool is_sealed = false;
};

// PinnedObject stays loaded as long as this lives.
struct PinnedObject {
  Handle handle;
  LoadedObject object;
};

uint64_t NumLoads() {
  uint64_t num_loads = 0;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t /*len*/, void* out) {
        *static_cast<uint64_t*>(out) = info->dlpi_adds;
        return 1;  // they all say the same
      },
      &num_loads);
  return num_loads;
}

// PinnedObjects are all that are loaded. The list is the dynamic linker's under a lock of its own,
// under which nothing may be asked of it; so each is pinned behind it, and read once it is. What is
// being loaded at the moment has had its relocations when that succeeds.
std::vector<PinnedObject> PinnedObjects() {
  std::vector<std::string> names;
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t /*len*/, void* out) {
        static_cast<std::vector<std::string>*>(out)->emplace_back(info->dlpi_name);
        return 0;
      },
      &names);
  struct Reading {
    std::map<std::string, Handle, std::less<>> handles;
    std::vector<PinnedObject> objects;
  } reading;
  for (std::string& name : names) {
    // One that has gone, or is the kernel's, has none.
    Handle handle = Loaded(name.c_str());
    if (handle != nullptr) reading.handles.emplace(std::move(name), std::move(handle));
  }
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t /*len*/, void* context) {
        auto& [handles, objects] = *static_cast<Reading*>(context);
        const auto pinned = handles.find(std::string_view(info->dlpi_name));
        if (pinned == handles.end() || pinned->second == nullptr) return 0;
        std::optional<LoadedObject> object = LoadedObject::Of(*info);
        if (object) objects.push_back({std::move(pinned->second), *std::move(object)});
        return 0;
      },
      &reading);
  return std::move(reading.objects);
}

// Targets are by the function's name.
using Targets = std::map<std::string_view, Target>;

// Interposer is this process's, and knows what has been done in it.
//
// Its mutex is never held where the dynamic linker is asked something: that has a lock of its own,
// under which the constructors of new objects may come here.
class Interposer {
 public:
  static Interposer& Get() {
    static Interposer& interposer = *new Interposer();
    return interposer;
  }

  std::string Start() {
    std::string fault = Follow();
    is_wanted_ = fault.empty();
    return fault;
  }

  void FollowNew() {
    if (!is_wanted_ || NumLoads() == num_loads_) return;
    // What was loaded late and cannot be reached has libssl's own functions, as before.
    static_cast<void>(Follow());
  }

  bool is_in_force() const { return is_in_force_; }

 private:
  // A child that is forked while another thread holds the mutex would never get it.
  Interposer() {
    pthread_atfork([] { Get().mutex_.lock(); }, [] { Get().mutex_.unlock(); },
                   [] { Get().mutex_.unlock(); });
  }

  std::string Follow();
  std::shared_ptr<const Targets> Known();
  std::string Apply(const std::vector<Change>& changes);

  std::atomic<bool> is_wanted_ = false;
  std::atomic<bool> is_in_force_ = false;
  std::atomic<uint64_t> num_loads_ = 0;
  std::mutex mutex_;
  std::shared_ptr<const Targets> targets_;  // null: not looked for yet
};

// FollowAndMake is X509_VERIFY_PARAM_new for libssl, which makes one for each SSL_CTX and each SSL:
// an object that has been loaded since calls its first function of libssl's to have one of those.
X509_VERIFY_PARAM* FollowAndMake() {
  Interposer::Get().FollowNew();
  return X509_VERIFY_PARAM_new();
}

// FindTargets returns what keeps it from that; empty when nothing does.
std::string FindTargets(Targets* targets) {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&FollowAndMake), &info) == 0)
    return "the library is not found";
  const Handle self = Loaded(info.dli_fname);
  if (self == nullptr) return "the library is not found in the process";
  // The first in the order of the program's own look-ups.
  void* const first = dlsym(Loaded("").get(), "dtls13_version");
  if (first != nullptr && first != dlsym(self.get(), "dtls13_version")) {
    return "another copy of the library is in force already";
  }
  const RealLibssl& real = Real();
  const Handle libcrypto = Loaded("libcrypto.so.3");
  const auto add = [&](const char* name, void* function, bool is_for_libssl_alone) {
    void* const ours = dlsym(self.get(), name);
    if (function == nullptr || ours == nullptr || function == ours) return;
    (*targets)[name] = {.real = function, .ours = ours, .is_for_libssl_alone = is_for_libssl_alone};
  };
#define DTLS13_ENTRY(name) add(#name, reinterpret_cast<void*>(real.name), false);
#define DTLS13_OPTIONAL_ENTRY(name, type, since) \
  add(#name, reinterpret_cast<void*>(real.name), false);
#define DTLS13_LIBCRYPTO_ENTRY(name) add(#name, dlsym(libcrypto.get(), #name), true);
#include "shim/libssl/entry_points.inc"
  (*targets)["X509_VERIFY_PARAM_new"] = {.real = dlsym(libcrypto.get(), "X509_VERIFY_PARAM_new"),
                                         .ours = reinterpret_cast<void*>(&FollowAndMake),
                                         .is_for_libssl_alone = true};
  return "";
}

// Plan finds the slots that lead to a target, by value. What is bound lazily and has not been
// called is looked up as the dynamic linker will: first in the program's order, then in the
// object's own. So an object that has another libssl keeps it. One that has the function itself, as
// a plugin has that was linked with a libssl statically, may have been loaded so that its own comes
// first (RTLD_DEEPBIND), which nothing tells: it keeps its own as long as it is not bound to
// another.
std::vector<Change> Plan(const Targets& targets, const PinnedObject& pinned) {
  std::vector<Change> changes;
  const bool is_libssl = pinned.object.HasCode(reinterpret_cast<void*>(Real().SSL_new));
  const Handle program = Loaded("");
  for (const Relocation& relocation : pinned.object.Relocations()) {
    const auto found = targets.find(relocation.name);
    if (found == targets.end()) continue;
    const Target& target = found->second;
    if (target.is_for_libssl_alone && !is_libssl) continue;
    void* value = *relocation.slot;
    if (relocation.is_lazy && pinned.object.HasCode(value) && value != target.real) {
      const auto look_up = [&relocation](void* handle) {
        return relocation.version == nullptr ? dlsym(handle, relocation.name)
                                             : dlvsym(handle, relocation.name, relocation.version);
      };
      value = relocation.own != nullptr ? relocation.own : look_up(program.get());
      if (value == nullptr) value = look_up(pinned.handle.get());
    }
    if (value != target.real) continue;
    changes.push_back({.slot = relocation.slot,
                       .ours = target.ours,
                       .is_sealed = pinned.object.IsSealed(relocation.slot)});
  }
  return changes;
}

// Apply opens every sealed page before it writes the first slot, so that what the process does not
// allow leaves all as it was.
std::string Interposer::Apply(const std::vector<Change>& changes) {
  const auto page_len = static_cast<uintptr_t>(sysconf(_SC_PAGESIZE));
  std::vector<void*> pages;
  for (const Change& change : changes) {
    if (!change.is_sealed) continue;
    const auto page = reinterpret_cast<uintptr_t>(change.slot) & ~(page_len - 1);
    pages.push_back(reinterpret_cast<void*>(page));
  }
  std::ranges::sort(pages);
  pages.erase(std::unique(pages.begin(), pages.end()), pages.end());
  // One at a time: another would seal a page that this one still writes.
  std::lock_guard lock(mutex_);
  size_t num_open = 0;
  while (num_open < pages.size() &&
         mprotect(pages[num_open], page_len, PROT_READ | PROT_WRITE) == 0) {
    ++num_open;
  }
  std::string fault;
  if (num_open < pages.size()) {
    fault = "the process does not let its relocations be written: " +
            std::generic_category().message(errno);
  } else {
    for (const Change& change : changes) {
      __atomic_store_n(change.slot, change.ours, __ATOMIC_RELEASE);
    }
  }
  for (size_t i = 0; i < num_open; ++i) {
    // It was read-only before; that this could fail is not known, and would do no harm.
    static_cast<void>(mprotect(pages[i], page_len, PROT_READ));
  }
  return fault;
}

std::shared_ptr<const Targets> Interposer::Known() {
  std::lock_guard lock(mutex_);
  return targets_;
}

std::string Interposer::Follow() {
  const uint64_t num_loads = NumLoads();
  if (Loaded(kLibssl) == nullptr) {
    num_loads_ = num_loads;
    return "";
  }
  std::shared_ptr<const Targets> targets = Known();
  if (targets == nullptr) {
    auto found = std::make_shared<Targets>();
    if (std::string fault = FindTargets(found.get()); !fault.empty()) return fault;
    targets = std::move(found);
    std::lock_guard lock(mutex_);
    targets_ = targets;
  }
  const std::vector<PinnedObject> objects = PinnedObjects();
  std::vector<Change> changes;
  for (const PinnedObject& pinned : objects) {
    if (pinned.object.HasCode(reinterpret_cast<void*>(&FollowAndMake))) continue;
    const std::vector<Change> own = Plan(*targets, pinned);
    changes.insert(changes.end(), own.begin(), own.end());
  }
  std::string fault = Apply(changes);
  if (fault.empty()) {
    is_in_force_ = true;
    num_loads_ = num_loads;
  }
  return fault;
}

}  // namespace

std::string Interpose() { return Interposer::Get().Start(); }

void InterposeNew() { Interposer::Get().FollowNew(); }

bool HasEntriesInForce() {
  if (Interposer::Get().is_in_force()) return true;
  Dl_info first, own;
  void* const found = dlsym(Loaded("").get(), "SSL_new");
  return found != nullptr && dladdr(found, &first) != 0 &&
         dladdr(reinterpret_cast<void*>(&FollowAndMake), &own) != 0 &&
         first.dli_fbase == own.dli_fbase;
}

}  // namespace dtls13::shim
