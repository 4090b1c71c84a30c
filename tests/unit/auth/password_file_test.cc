// SPDX-License-Identifier: Apache-2.0
#include "auth/file/password_file.h"

#include "auth/file/file_backend.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::auth {
namespace {

constexpr std::array<std::uint8_t, 32> entropy = {7};

PasswordHash cheap(std::string_view password, HashKind kind = HashKind::pbkdf2_sha512) {
  const auto made =
      PasswordHash::make(kind, password, ByteView(entropy).first(16), {.iterations = 1000});
  return made ? *made : PasswordHash{};
}

core::AuthRequest request(std::string user, std::string_view password) {
  core::AuthRequest made;
  made.user_name = std::move(user);
  made.password = Secret(password);
  return made;
}

TEST(PasswordFile, ALineOfRubbishIsNoUser) {
  const auto file = PasswordFile::parse(
      "users", "# ours\n\nann:" + cheap("x").text() + "\nrubbish\nbob:plain\n:$6$a$b\n");
  ASSERT_FALSE(file.has_value());
  ASSERT_EQ(file.error().size(), 3U);
  EXPECT_EQ(file.error()[0].place, "users:4");
  EXPECT_EQ(file.error()[1].place, "users:5");
  EXPECT_TRUE(file.error()[1].text.contains("sluice passwd -U"));
  EXPECT_FALSE(file.error()[1].text.contains("plain")) << "the password stands in the message";
}

TEST(PasswordFile, AUserThatStandsTwiceIsAMistake) {
  const std::string line = "ann:" + cheap("x").text() + "\n";
  const auto file = PasswordFile::parse("users", line + line);
  ASSERT_FALSE(file.has_value());
  EXPECT_EQ(file.error()[0].place, "users:2");
}

TEST(PasswordFile, AnEditLeavesOtherLinesAsTheyWere) {
  const std::string ann = "ann:" + cheap("a").text() + "\n";
  auto file = PasswordFile::parse("users", "# ours\n" + ann + "bob:" + cheap("b").text() + "\n");
  ASSERT_TRUE(file.has_value());
  file->set("bob", cheap("c"));
  file->set("eve", cheap("e"));
  EXPECT_TRUE(file->remove("ann"));
  EXPECT_FALSE(file->remove("nobody"));
  const auto again = PasswordFile::parse("users", file->text());
  ASSERT_TRUE(again.has_value());
  EXPECT_TRUE(file->text().starts_with("# ours\nbob:"));
  EXPECT_EQ(again->users().size(), 2U);
  EXPECT_TRUE(again->users().find("bob")->second.hash.matches("c"));
}

class FileBackendTest : public ::testing::Test {
 protected:
  static PasswordFile users() {
    PasswordFile file;
    file.set("ann", cheap("secret"));
    file.set("sam", cheap("pencil", HashKind::scram_sha_256));
    return file;
  }
  FileBackend backend{users(), entropy};
};

TEST_F(FileBackendTest, TheRightPasswordIsAccepted) {
  auto right = request("ann", "secret");
  const Verdict verdict = backend.check(right);
  EXPECT_EQ(verdict.kind, Verdict::Kind::accepted);
  EXPECT_EQ(verdict.principal.user, "ann");
  EXPECT_TRUE(backend.is_still_known(verdict.principal));
  auto wrong = request("ann", "Secret");
  EXPECT_EQ(backend.check(wrong).kind, Verdict::Kind::refused);
  auto nobody = request("eve", "secret");
  EXPECT_EQ(backend.check(nobody).kind, Verdict::Kind::unknown);
  core::AuthRequest none;
  EXPECT_EQ(backend.check(none).kind, Verdict::Kind::unknown);
}

TEST_F(FileBackendTest, AChangedPasswordIsAnotherCredential) {
  auto right = request("ann", "secret");
  const core::Principal principal = backend.check(right).principal;
  PasswordFile changed = users();
  changed.set("ann", cheap("other"));
  EXPECT_FALSE(FileBackend(changed, entropy).is_still_known(principal));
  changed.remove("ann");
  EXPECT_FALSE(FileBackend(changed, entropy).is_still_known(principal));
}

TEST_F(FileBackendTest, AHashOfScramServesPlainPasswordsToo) {
  auto right = request("sam", "pencil");
  EXPECT_EQ(backend.check(right).kind, Verdict::Kind::accepted);
}

TEST_F(FileBackendTest, AUserThatDoesNotExistIsChallengedLikeOneThatDoes) {
  const auto challenge = [&](const std::string& user) {
    core::AuthRequest first;
    first.method = "SCRAM-SHA-256";
    first.data = Secret(std::string_view("n,,n=" + user + ",r=abc"));
    const Verdict verdict = backend.check(first);
    EXPECT_EQ(verdict.kind, Verdict::Kind::go_on);
    const std::string text(verdict.data.begin(), verdict.data.end());
    return text.substr(text.find(",s="));
  };
  EXPECT_EQ(challenge("nobody"), challenge("nobody")) << "a salt that changes tells who exists";
  EXPECT_NE(challenge("nobody"), challenge("nobody2"));
}

// The exchange of RFC 7677 §3, with the server's part of the nonce handed in.
TEST(ScramExchange, SpeaksTheExampleOfTheStandard) {
  const auto hash = PasswordHash::parse(
      "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
      "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=");
  ASSERT_TRUE(hash.has_value());
  auto exchange = ScramExchange::begin(DigestKind::sha256, "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
  ASSERT_TRUE(exchange.has_value());
  EXPECT_EQ((*exchange)->user(), "user");
  EXPECT_EQ((*exchange)->challenge({hash->cost().iterations,
                                    {hash->salt().begin(), hash->salt().end()},
                                    {hash->stored_key().begin(), hash->stored_key().end()},
                                    {hash->server_key().begin(), hash->server_key().end()}},
                                   "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"),
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,"
            "i=4096");
  const std::string last =
      "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
      "p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";
  const auto finished = (*exchange)->finish(last);
  ASSERT_TRUE(finished.has_value());
  EXPECT_EQ(*finished, "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=");
  std::string forged = last;
  forged[forged.size() - 5] ^= 1;
  EXPECT_FALSE((*exchange)->finish(forged).has_value());
  EXPECT_FALSE((*exchange)->finish("c=biws,r=other,p=dHzb").has_value());
  EXPECT_FALSE((*exchange)->finish("").has_value());
}

TEST(ScramExchange, RefusesWhatItDoesNotOffer) {
  for (const char* first : {"", "p=tls-unique,,n=u,r=x", "n,a=root,n=u,r=x", "n,,n=,r=x", "n,,n=u",
                            "n,,n=u=,r=x", "n,,r=x,n=u"})
    EXPECT_FALSE(ScramExchange::begin(DigestKind::sha256, first).has_value()) << first;
}

}  // namespace
}  // namespace sluice::auth
