// SPDX-License-Identifier: Apache-2.0
// Hashes that other people's programs have made, and our own.
#include "auth/hash/password_hash.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::auth {
namespace {

constexpr std::array<std::uint8_t, 16> salt = {1, 2,  3,  4,  5,  6,  7,  8,
                                               9, 10, 11, 12, 13, 14, 15, 16};

// Each is of the password "secret", but for the vector of RFC 7677, which is of "pencil".
struct Foreign {
  std::string_view maker;
  std::string_view text;
  std::string_view password = "secret";
};
constexpr Foreign foreign[] = {
    {"mosquitto_passwd -H sha512",
     "$6$vFkLzdukGc4OwI7n$cUPJONu5yT8RV4hXwVn9jwDxQ07oNtHlTGPJa3QXOvCcefiW6MU1e7RVuX9N9GdBfMolKxw6"
     "hif/+/DKL1912g=="},
    {"mosquitto_passwd -H sha512-pbkdf2",
     "$7$101$ZQ84sP9W0xDYOAqq$nRgIzrVBta8497hjx6l3xJwk7bcOji1rrC958LRV3N5aztQgttpMuAYIFmS2M4qJ9Etu"
     "68Mw1uNQ3hQzP4JAYQ=="},
    {"argon2 -id",
     "$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$DpeISFFMG6L/3BdA4KlK5ZICsfRaB/"
     "lJRVNS7koASC4"},
    {"RFC 7677",
     "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
     "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=",
     "pencil"},
};

TEST(PasswordHash, OtherPeoplesHashesAreUnderstood) {
  for (const Foreign& each : foreign) {
    SCOPED_TRACE(each.maker);
    const auto hash = PasswordHash::parse(each.text);
    ASSERT_TRUE(hash.has_value()) << hash.error().detail;
    EXPECT_TRUE(hash->matches(each.password));
    EXPECT_FALSE(hash->matches("Secret"));
    EXPECT_FALSE(hash->matches(""));
    EXPECT_EQ(hash->text(), each.text);
  }
}

TEST(PasswordHash, WhatIsMadeIsReadAgain) {
  for (const HashKind kind : {HashKind::argon2id, HashKind::sha512, HashKind::pbkdf2_sha512,
                              HashKind::scram_sha_256, HashKind::scram_sha_1}) {
    const auto made = PasswordHash::make(kind, "grüße", salt, {.iterations = 1000});
    ASSERT_TRUE(made.has_value());
    const auto read = PasswordHash::parse(made->text());
    ASSERT_TRUE(read.has_value()) << made->text();
    EXPECT_EQ(read->kind(), kind);
    EXPECT_TRUE(read->matches("grüße"));
    EXPECT_FALSE(read->matches("gruesse"));
  }
}

TEST(PasswordHash, TheDefaultCostsNineteenMebibytesTwice) {
  const auto made = PasswordHash::make(HashKind::argon2id, "x", salt);
  ASSERT_TRUE(made.has_value());
  EXPECT_TRUE(made->text().starts_with("$argon2id$v=19$m=19456,t=2,p=1$")) << made->text();
}

TEST(PasswordHash, WhatIsNoHashIsRefused) {
  for (const char* text :
       {"", "secret", "$", "$5$a$b", "$6$", "$6$YQ==", "$6$YQ==$YQ==", "$7$0$YQ==$YQ==",
        "$7$x$YQ==$YQ==", "$argon2id$v=19$m=1,t=1,p=1$YQ$YQ", "$argon2i$v=19$m=4096,t=2,p=1$a$b",
        "$argon2id$v=19$m=4096,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$!!!!", "SCRAM-SHA-256$4096:a$b:c",
        "$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$DpeISFFMG6L/3BdA4KlK5Q"})
    EXPECT_FALSE(PasswordHash::parse(text).has_value()) << text;
}

}  // namespace
}  // namespace sluice::auth
