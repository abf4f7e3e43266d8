// SPDX-License-Identifier: Apache-2.0
#ifndef DTLS13_SHIM_BIO_FILTER_BIO_H_
#define DTLS13_SHIM_BIO_FILTER_BIO_H_

#include <cstdint>
#include <memory>
#include <span>

#include "shim/libssl/openssl_headers.h"

namespace dtls13::shim {

// FilterBio stands in front of one of an SSL's BIOs, between libssl and the application's own, and
// by itself changes nothing: each kind overrides what it is there for. It shows the BIO_get_data of
// the BIO behind it, because applications with BIOs of their own ask SSL_get_rbio for it.
class FilterBio {
 public:
  virtual ~FilterBio() = default;
  FilterBio(const FilterBio&) = delete;
  FilterBio& operator=(const FilterBio&) = delete;

  // As a BIO_METHOD's functions of the same names; `bio` is the filter's own.
  virtual int Read(BIO* bio, std::span<uint8_t> out);
  virtual int Write(BIO* bio, std::span<const uint8_t> data);
  virtual long Control(BIO* bio, int command, long number, void* pointer);

 protected:
  FilterBio() = default;
};

// NewFilter returns a BIO that is `filter`, before `behind`, of which it takes a reference of its
// own. Null when memory is out. `behind` may be null only where the filter never uses it.
BIO* NewFilter(std::unique_ptr<FilterBio> filter, BIO* behind);

// FilterOf returns what NewFilter was given, null for any other BIO and for null.
FilterBio* FilterOf(BIO* bio);

// PutBeforeReadBio and PutBeforeWriteBio put `filter` before the SSL's read or write BIO, which
// then owns it. Null when memory is out or there is no such BIO, with `filter` gone.
FilterBio* PutBeforeReadBio(SSL* ssl, std::unique_ptr<FilterBio> filter);
FilterBio* PutBeforeWriteBio(SSL* ssl, std::unique_ptr<FilterBio> filter);

// Behind returns the application's own BIO: the first that is no filter. Null stays null.
BIO* Behind(BIO* bio);
// RemoveFilters takes all filters away that stand before the SSL's BIOs.
void RemoveFilters(SSL* ssl);

// RemoveFromReadBio and RemoveFromWriteBio take the filter away again, wherever among the filters
// of the SSL's BIO it stands; nothing happens where it is not among them (the application may have
// exchanged its BIOs, and with them gone `filter` is no more).
void RemoveFromReadBio(SSL* ssl, const FilterBio* filter);
void RemoveFromWriteBio(SSL* ssl, const FilterBio* filter);

}  // namespace dtls13::shim

#endif  // DTLS13_SHIM_BIO_FILTER_BIO_H_
