// SPDX-License-Identifier: Apache-2.0
//
// The flags that say how messages are printed, shared by the commands that print some.
#pragma once

#include "cli/commands.h"
#include "cli/commands/message_printer.h"
#include "cli/flags/flag_parser.h"

namespace sluice::cli {

inline constexpr Flag output_flags[] = {
    {"verbose", 'v', FlagKind::toggle, "", "the topic in front of the payload"},
    {"format", 'F', FlagKind::text, "FORMAT",
     "print by a format: %t topic, %p payload, %x hexadecimal, %q QoS, %r retain, %j JSON, @H "
     "time, \\n …"},
    {"no-eol", 'N', FlagKind::toggle, "", "no line end behind a message"},
    {"pretty", '\0', FlagKind::toggle, "", "JSON over several lines"},
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line"},
    {"color", '\0', FlagKind::text, "WHEN", "colours: auto, always or never (auto)"},
};

inline constexpr std::string_view format_notes =
    R"(Format of -F:
  %t topic   %p payload   %x %X payload in hexadecimal   %l its bytes
  %q QoS     %r retain    %m packet id                   %% a %
  %j JSON    %J JSON with the payload taken as JSON      %I time   %U seconds since 1970
  MQTT 5: %A topic alias   %C content type   %D correlation data   %E expiry
          %F payload format   %P user properties   %R response topic   %S subscription id
  @H @M … as strftime's %H %M …, @N nanoseconds, @@ an @
  \n \t \r \v \a \e \0 \\ bytes that are hard to type
  %-20t left in 20 columns   %20t right   %020l zeros in front   %.8t at most 8 bytes
  %.2:x 7b:22:61, a separator ( :-.,;_/) after each 2 digits
  %f %d payload as a binary float or double, %.1f with one digit behind the point
)";

/// By --color, https://no-color.org and CLICOLOR_FORCE, else on if a person reads.
Parsed<Colors> colors_of(const ParsedFlags& flags);
/// On a terminal, and unless asked for something else, a message is laid out for a person.
Parsed<PrintOptions> print_options(const ParsedFlags& flags, Personality personality);

}  // namespace sluice::cli
