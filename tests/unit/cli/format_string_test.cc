// SPDX-License-Identifier: Apache-2.0
#include "cli/output/format_string.h"

#include "cli/mqtt/property_arguments.h"
#include "cli/output/json_text.h"
#include "cli/output/terminal_text.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>

namespace sluice::cli {
namespace {

using codec::PropertyId;

class Format : public ::testing::Test {
 protected:
  Format() {
    publish_.topic = "r/1";
    publish_.payload = as_bytes("{\"a\":1}");
    publish_.qos = codec::Qos::at_least_once;
    publish_.retain = true;
    publish_.packet_id = 9;
    properties_.add_pair("k", "v");
    properties_.add_text(PropertyId::content_type, "text/x");
    properties_.add_number(PropertyId::message_expiry_interval, 98);
    properties_.add_pair("k2", "v\"2");
  }

  void with_properties() { publish_.properties = properties_.view(); }

  std::string render(std::string_view format) {
    const auto parsed = FormatString::parse(format);
    if (!parsed) return parsed.error().text;
    std::string out;
    return parsed->render(message_, JsonLayout::compact, out) ? out : "not JSON";
  }

  PropertyList properties_;
  codec::Publish publish_;
  ShownMessage message_{.publish = publish_, .time = {1'470'818'943'786'368'637}};
};

TEST_F(Format, EachCodeHasItsValue) {
  with_properties();
  EXPECT_EQ(render("%t %l %m %q %r %p %x"), "r/1 7 9 1 1 {\"a\":1} 7b2261223a317d");
  EXPECT_EQ(render("%X %% %C %E %P"), "7B2261223A317D % text/x 98 k:v k2:v\"2");
  EXPECT_EQ(render("[%A%D%F%R%S]"), "[]");
  EXPECT_EQ(render("%U"), "1470818943.786368637");
}

TEST_F(Format, WidthAlignmentAndPaddingAreThoseOfMosquitto) {
  EXPECT_EQ(render("[%20t|%-20t|%020t]"),
            "[                 r/1|r/1                 |                 r/1]");
  EXPECT_EQ(render("[%.2t|%5.2t|%5.t]"), "[r/|   r/|     ]");
  EXPECT_EQ(render("[%010l|%-10l|%-010l|%5m]"), "[0000000007|7         |7         |    9]");
  EXPECT_EQ(render("[%020x|%.2x|%020p]"),
            "[0000007b2261223a317d|7b2261223a317d|0000000000000{\"a\":1}]");
  EXPECT_EQ(render("[%3A|%03A|%5q|%05r|%5%|%20P]"), "[   |000|1|1|%|]");
}

TEST_F(Format, HexadecimalDigitsAreGroupedAsNewerMosquittosDo) {
  EXPECT_EQ(render("[%.2:x|%.4-X|%.7 x]"),
            "[7b:22:61:22:3a:31:7d|7B22-6122-3A31-7D|7b22612 23a317d]");
  EXPECT_EQ(render("[%16.4:x|%-16.4:x|%016.4:x]"),
            "[  7b:2261:223a:317d|7b22:6122:3a31:7d  |007b:2261:223a:317d]");
  for (const char separator : std::string_view(" !\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~"))
    EXPECT_EQ(render(std::string("%.8") + separator + "x"),
              std::string("7b226122") + separator + "3a317d");
  EXPECT_EQ(render("[%:x|%.0:x]"), "[7b2261223a317d|7b2261223a317d]");
  publish_.payload = {};
  EXPECT_EQ(render("[%.2:x]"), "[]");
}

TEST_F(Format, BinaryNumbersAreShown) {
  const std::array<std::uint8_t, 4> narrow{0, 0, 0xac, 0x41};  // 21.5, least byte first
  const std::array<std::uint8_t, 8> wide{0, 0, 0, 0, 0, 0x80, 0x35, 0xc0};
  publish_.payload = narrow;
  EXPECT_EQ(render("[%f|%.1f|%08.2f|%-7.1f|%.0f|%d]"), "[21.500000|21.5|00021.50|21.5   |22|]");
  publish_.payload = wide;
  EXPECT_EQ(render("[%d|%.1d|%9.2d|%f]"), "[-21.500000|-21.5|   -21.50|]");
  EXPECT_EQ(render("[%.1000d]").size(), 1 + 3 + 1 + 60 + 1U);
}

TEST_F(Format, TimesAreThoseOfStrftime) {
  ::setenv("TZ", "XYZ-1:30", 1);
  ::tzset();
  EXPECT_EQ(render("@Y-@m-@d @H:@M @N @@"), "2016-08-10 10:19 786368637 @");
  EXPECT_EQ(render("%I|%.4I"), "2016-08-10T10:19:03+0130|2016");
  EXPECT_TRUE(render("%j").starts_with("{\"tst\":\"2016-08-10T10:19:03.786368Z+0130\",\"topic\""));
}

TEST_F(Format, EscapesAreBytes) {
  EXPECT_EQ(render("\\\\\\a\\e\\n\\r\\t\\v"), "\\\a\x1b\n\r\t\v");
  EXPECT_EQ(render("a\\0b"), std::string("a\0b", 3));
}

TEST_F(Format, MistakesAreNamed) {
  for (const char* format : {"%y", "%", "%5", "@", "\\", "\\q", "%0-5m", "%-0-l", "%5.2.1t"}) {
    EXPECT_FALSE(FormatString::parse(format)) << format;
  }
  EXPECT_EQ(render("%999999t"), "-F: a width above 100000 is not allowed");
}

TEST_F(Format, JsonHasTheMembersOfMosquittoInItsOrder) {
  const std::string plain = render("%j");
  EXPECT_EQ(plain.substr(plain.find("\"topic\"")),
            R"("topic":"r/1","qos":1,"retain":1,"payloadlen":7,"mid":9,"payload":"{\"a\":1}"})");
  with_properties();
  const std::string full = render("%j");
  EXPECT_EQ(
      full.substr(full.find("\"mid\"")),
      R"("mid":9,"properties":{"user-properties":{"k":"v","k2":"v\"2"},"content-type":"text/x",)"
      R"("message-expiry-interval":98},"payload":"{\"a\":1}"})");
}

TEST_F(Format, JsonPayloadIsTakenAsJson) {
  const std::string text = render("%J");
  EXPECT_TRUE(text.ends_with(R"("payload":{"a":1}})")) << text;
  publish_.payload = as_bytes("{\"a\":");
  EXPECT_EQ(render("%t %J"), "not JSON");
  publish_.payload = {};
  EXPECT_TRUE(render("%J").ends_with(R"("payload":null})"));
}

TEST_F(Format, PrettyJsonIsLaidOutWithTabs) {
  std::string out;
  append_laid_out(R"({"a":[1,{"c":2},[]],"d":{},"e":"x, {y"})", JsonLayout::pretty, out);
  EXPECT_EQ(out,
            "{\n\t\"a\":\t[1, {\n\t\t\t\"c\":\t2\n\t\t}, []],\n\t\"d\":\t{\n\t},\n"
            "\t\"e\":\t\"x, {y\"\n}");
}

TEST_F(Format, BytesThatAreNoTextBecomeBase64InNativeJson) {
  publish_.payload = as_bytes("\xff\x01");
  std::string out;
  ASSERT_TRUE(append_json(message_, JsonPayload::text_or_64, JsonLayout::compact, out));
  EXPECT_TRUE(out.ends_with("\"payload_base64\":\"/wE=\"}")) << out;
}

TEST_F(Format, TerminalNeverSeesControlBytesOfAPeer) {
  ::setenv("TZ", "UTC", 1);
  ::tzset();
  publish_.payload = as_bytes("a\x1b[31m\n\xff\xc2\x9b\xc3\xa9");
  std::string out;
  append_terminal_line(message_, Colors::off, out);
  EXPECT_EQ(out, "08:49:03.786 r/1  q1 R  a\\x1b[31m\\n\\xff\\xc2\\x9b\xc3\xa9");
}

}  // namespace
}  // namespace sluice::cli
