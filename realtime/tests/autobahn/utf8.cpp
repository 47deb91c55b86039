#include "src/websocket/utf8_check.hpp"
#include "trial.hpp"

namespace infra::realtime::websocket::autobahn {
namespace {

using namespace std::string_literals;

constexpr frame_marks more{.last = false};
const std::string greek = "\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5";

std::string text(std::string_view payload, frame_marks marks = {}) { return from_client(opcode::text, payload, marks); }
std::string continuation(std::string_view payload, frame_marks marks = {}) {
    return from_client(opcode::continuation, payload, marks);
}

/// In fragments of one octet.
std::string octet_frames(std::string_view payload) {
    std::string frames;
    for (std::size_t i = 0; i < payload.size(); ++i)
        frames += from_client(i == 0 ? opcode::text : opcode::continuation, payload.substr(i, 1),
                              {.last = i + 1 == payload.size()});
    return frames;
}

void add_fragments(trials& to) {
    const auto add = [&](const char* id, const char* what, script s) { to.push_back({id, what, [=] { return s; }}); };
    const std::string first = "Hello-\xc2\xb5@\xc3\x9f\xc3\xb6\xc3\xa4", second = "\xc3\xbc\xc3\xa0\xc3\xa1-UTF-8!!";
    add("6.1.1", "empty text", answered(text(""), {"text "}));
    add("6.1.2", "three empty fragments",
        answered(text("", more) + continuation("", more) + continuation(""), {"text "}));
    add("6.1.3", "three fragments, all but the second empty",
        answered(text("", more) + continuation("middle frame payload", more) + continuation(""),
                 {"text middle frame payload"}));
    add("6.2.1", "UTF-8 in one fragment", answered(text(first + second), {"text " + first + second}));
    add("6.2.2", "in two, cut between code points",
        answered(text(first, more) + continuation(second), {"text " + first + second}));
    add("6.2.3", "in fragments of one octet", answered(octet_frames(first + second), {"text " + first + second}));
    add("6.2.4", "Greek in fragments of one octet", answered(octet_frames(greek), {"text " + greek}));
    add("6.3.1", "not UTF-8, in one fragment",
        refused(text(greek + "\xed\xa0\x80"
                             "edited"),
                1007));
    add("6.3.2", "not UTF-8, in fragments of one octet",
        refused(octet_frames(greek + "\xed\xa0\x80"
                                     "edited"),
                1007));
}

// The connection is failed at the octet that makes it wrong: what would follow is never sent. That what comes before is accepted is shown by a ping,
// where one may be sent.
void add_fail_fast(trials& to) {
    const auto wrong = greek + "\xf4\x90\x80\x80"
                               "edited";
    const auto in_frames = [=](std::size_t good, std::size_t bad) {
        return script{{{text(wrong.substr(0, good), more) + from_client(opcode::ping, "A"), one_go, 1},
                       {continuation(wrong.substr(good, bad), more)}},
                      {"pong A"},
                      {1007}};
    };
    const auto in_chops = [=](std::size_t good, std::size_t bad) {
        const auto frame = text(wrong);
        const auto header = frame.size() - wrong.size();
        return script{{{frame.substr(0, header + good)}, {frame.substr(header + good, bad)}}, {}, {1007}};
    };
    const auto size = greek.size();
    to.push_back(
        {"6.4.1", "a good fragment, then a wrong one, of a text that goes on", [=] { return in_frames(size, 4); }});
    to.push_back({"6.4.2", "the same, up to the wrong octet", [=] { return in_frames(size + 1, 1); }});
    to.push_back({"6.4.3", "good octets of a frame, then wrong ones, of a frame that goes on",
                  [=] { return in_chops(size, 4); }});
    to.push_back({"6.4.4", "the same, up to the wrong octet", [=] { return in_chops(size + 1, 1); }});
}

/// Each byte of a range with a blank behind it.
std::string with_blanks(unsigned first, unsigned last) {
    std::string made;
    for (auto byte = first; byte < last; ++byte)
        made += {static_cast<char>(byte), ' '};
    return made;
}

/// U+1FFFE, U+1FFFF, U+2FFFE … as the suite has them: every plane's, and some more.
std::vector<std::string> non_characters() {
    std::vector<std::string> all{"\xef\xbf\xbe", "\xef\xbf\xbf"};
    for (const char first : "\xf0\xf1\xf2\xf3\xf4"s)
        for (const char second : "\x8f\x9f\xaf\xbf"s)
            for (const char last : "\xbe\xbf"s) {
                const std::string sequence{first, second, '\xbf', last};
                if (utf8_check check; check.feed(sequence))
                    all.push_back(sequence);
            }
    return all;
}

std::vector<std::string> prefixes(const std::string& whole) {
    std::vector<std::string> all;
    for (std::size_t size = 1; size <= whole.size(); ++size)
        all.push_back(whole.substr(0, size));
    return all;
}

struct sequences {
    const char* what;
    std::string valid; ///< for each, y or n
    std::vector<std::string> all;
};

std::vector<sequences> tables() {
    const std::vector<std::string> cut{"\xc0", "\xe0\x80", "\xf0\x80\x80", "\xf8\x80\x80\x80", "\xfc\x80\x80\x80\x80",
                                       "\xdf", "\xef\xbf", "\xf7\xbf\xbf", "\xfb\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf"};
    std::string all_cut, all_continuations;
    for (const auto& one : cut)
        all_cut += one;
    for (unsigned byte = 0x80; byte < 0xbf; ++byte)
        all_continuations += static_cast<char>(byte);
    const auto specials = non_characters();
    return {
        {"a valid text",
         "yyyyy",
         {"hello$world", "hello\xc2\xa2world", "hello\xe2\x82\xacworld", "hello\xf0\xa4\xad\xa2world", greek}},
        {"a prefix of a valid text", "nynnynynyny", prefixes(greek)},
        {"the first of its length", "yyyy", {"\0"s, "\xc2\x80", "\xe0\xa0\x80", "\xf0\x90\x80\x80"}},
        {"the first of a length that there is not", "nn", {"\xf8\x88\x80\x80\x80", "\xfc\x84\x80\x80\x80\x80"}},
        {"the last of its length", "yyyy", {"\x7f", "\xdf\xbf", "\xef\xbf\xbf", "\xf4\x8f\xbf\xbf"}},
        {"the last of a length, beyond U+10FFFF",
         "nnn",
         {"\xf7\xbf\xbf\xbf", "\xfb\xbf\xbf\xbf\xbf", "\xfd\xbf\xbf\xbf\xbf\xbf"}},
        {"at another boundary",
         "yyyyn",
         {"\xed\x9f\xbf", "\xee\x80\x80", "\xef\xbf\xbd", "\xf4\x8f\xbf\xbf", "\xf4\x90\x80\x80"}},
        {"continuation bytes alone",
         "nnnnnnnn",
         {"\x80", "\xbf", "\x80\xbf", "\x80\xbf\x80", "\x80\xbf\x80\xbf", "\x80\xbf\x80\xbf\x80",
          "\x80\xbf\x80\xbf\x80\xbf", all_continuations}},
        {"first bytes alone",
         "nnnnn",
         {with_blanks(0xc0, 0xdf), with_blanks(0xe0, 0xef), with_blanks(0xf0, 0xf7), with_blanks(0xf8, 0xfb),
          with_blanks(0xfc, 0xfd)}},
        {"without its last byte", "nnnnnnnnnn", cut},
        {"all of them joined", "n", {all_cut}},
        {"bytes that are never there", "nnn", {"\xfe", "\xff", "\xfe\xfe\xff\xff"}},
        {"ASCII in too many bytes",
         "nnnnn",
         {"\xc0\xaf", "\xe0\x80\xaf", "\xf0\x80\x80\xaf", "\xf8\x80\x80\x80\xaf", "\xfc\x80\x80\x80\x80\xaf"}},
        {"the last of too many bytes",
         "nnnnn",
         {"\xc1\xbf", "\xe0\x9f\xbf", "\xf0\x8f\xbf\xbf", "\xf8\x87\xbf\xbf\xbf", "\xfc\x83\xbf\xbf\xbf\xbf"}},
        {"NUL in too many bytes",
         "nnnnn",
         {"\xc0\x80", "\xe0\x80\x80", "\xf0\x80\x80\x80", "\xf8\x80\x80\x80\x80", "\xfc\x80\x80\x80\x80\x80"}},
        {"a surrogate",
         "nnnnnnn",
         {"\xed\xa0\x80", "\xed\xad\xbf", "\xed\xae\x80", "\xed\xaf\xbf", "\xed\xb0\x80", "\xed\xbe\x80",
          "\xed\xbf\xbf"}},
        {"a pair of surrogates",
         "nnnnnnnn",
         {"\xed\xa0\x80\xed\xb0\x80", "\xed\xa0\x80\xed\xbf\xbf", "\xed\xad\xbf\xed\xb0\x80",
          "\xed\xad\xbf\xed\xbf\xbf", "\xed\xae\x80\xed\xb0\x80", "\xed\xae\x80\xed\xbf\xbf",
          "\xed\xaf\xbf\xed\xb0\x80", "\xed\xaf\xbf\xed\xbf\xbf"}},
        {"no character, and UTF-8", std::string(specials.size(), 'y'), specials},
        {"a special, such as the replacement character",
         "yyyyyyy",
         {"\xef\xbf\xb9", "\xef\xbf\xba", "\xef\xbf\xbb", "\xef\xbf\xbc", "\xef\xbf\xbd", "\xef\xbf\xbe",
          "\xef\xbf\xbf"}},
    };
}

} // namespace

void add_utf8(trials& to) {
    add_fragments(to);
    add_fail_fast(to);
    unsigned group = 5;
    for (const auto& table : tables()) {
        for (std::size_t i = 0; i < table.all.size(); ++i)
            to.push_back({"6." + std::to_string(group) + "." + std::to_string(i + 1), table.what,
                          [payload = table.all[i], valid = table.valid.at(i) == 'y'] {
                              return valid ? answered(text(payload), {"text " + payload})
                                           : refused(text(payload), 1007);
                          }});
        ++group;
    }
}

} // namespace infra::realtime::websocket::autobahn
