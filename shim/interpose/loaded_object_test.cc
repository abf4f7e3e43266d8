// SPDX-License-Identifier: Apache-2.0
#include "shim/interpose/loaded_object.h"

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <string_view>

namespace dtls13::shim {
namespace {

// A function of libssl's whose address is a constant of this program's: a relocation of data.
SSL_CTX* (*const volatile kMaker)(const SSL_METHOD*) = SSL_CTX_new;

// The object whose name ends with `name`; the program's is empty.
std::optional<LoadedObject> Find(std::string_view name) {
  struct Search {
    std::string_view name;
    std::optional<LoadedObject> found;
  } search = {name, std::nullopt};
  dl_iterate_phdr(
      [](dl_phdr_info* info, size_t /*len*/, void* context) {
        auto& wanted = *static_cast<Search*>(context);
        const std::string_view own = info->dlpi_name;
        if (wanted.name.empty() ? !own.empty() : own.find(wanted.name) == std::string_view::npos) {
          return 0;
        }
        wanted.found = LoadedObject::Of(*info);
        return 1;
      },
      &search);
  return search.found;
}

std::vector<Relocation> RelocationsOf(const LoadedObject& object, std::string_view name) {
  std::vector<Relocation> all = object.Relocations();
  std::erase_if(all, [name](const Relocation& relocation) { return name != relocation.name; });
  return all;
}

TEST(LoadedObjectTest, FindsThePlacesOfAFunctionInTheProgram) {
  const std::optional<LoadedObject> program = Find("");
  ASSERT_TRUE(program.has_value());
  EXPECT_TRUE(program->HasCode(reinterpret_cast<void*>(&RelocationsOf)));
  EXPECT_FALSE(program->HasCode(dlsym(RTLD_DEFAULT, "SSL_CTX_free")));
  // By a call, so that one place at least leads there, lazily or not.
  SSL_CTX_free(nullptr);
  const std::vector<Relocation> places = RelocationsOf(*program, "SSL_CTX_free");
  ASSERT_FALSE(places.empty());
  for (const Relocation& place : places) {
    EXPECT_EQ(*place.slot, dlsym(RTLD_DEFAULT, "SSL_CTX_free"));
    EXPECT_STREQ(place.version, "OPENSSL_3.0.0");
  }
}

TEST(LoadedObjectTest, FindsFunctionsInData) {
  ASSERT_NE(kMaker, nullptr);
  const std::optional<LoadedObject> program = Find("");
  ASSERT_TRUE(program.has_value());
  const std::vector<Relocation> places = RelocationsOf(*program, "SSL_CTX_new");
  EXPECT_TRUE(std::ranges::any_of(places, [](const Relocation& place) {
    return *place.slot == dlsym(RTLD_DEFAULT, "SSL_CTX_new") && !place.is_lazy;
  }));
}

TEST(LoadedObjectTest, KnowsWhatAnObjectHasItself) {
  // The C library calls its own calloc by a place that another's may be put into, ours has none.
  const std::optional<LoadedObject> libc = Find("libc.so.6");
  ASSERT_TRUE(libc.has_value());
  const std::vector<Relocation> places = RelocationsOf(*libc, "calloc");
  ASSERT_FALSE(places.empty());
  for (const Relocation& place : places) EXPECT_TRUE(libc->HasCode(place.own));
  const std::vector<Relocation> others = RelocationsOf(*Find(""), "SSL_CTX_free");
  ASSERT_FALSE(others.empty());
  for (const Relocation& place : others) EXPECT_EQ(place.own, nullptr);
}

TEST(LoadedObjectTest, KnowsWhatIsSealed) {
  // libssl is built with -z relro everywhere: what is eager in it lies in sealed pages.
  const std::optional<LoadedObject> libssl = Find("libssl.so.3");
  ASSERT_TRUE(libssl.has_value());
  const std::vector<Relocation> places = libssl->Relocations();
  EXPECT_TRUE(std::ranges::any_of(
      places, [&](const Relocation& place) { return libssl->IsSealed(place.slot); }));
  EXPECT_FALSE(libssl->IsSealed(&places));
}

TEST(LoadedObjectTest, NothingOfAnObjectWithoutDynamicSection) {
  dl_phdr_info info = {};
  EXPECT_FALSE(LoadedObject::Of(info).has_value());
}

}  // namespace
}  // namespace dtls13::shim
