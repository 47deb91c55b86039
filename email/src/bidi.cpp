#include "bidi.hpp"

namespace infra::email {
namespace {

bool is_change(std::string_view control) noexcept {
    return control.size() == 3 && ((control >= "\xe2\x80\xaa" && control <= "\xe2\x80\xae") ||
                                   (control >= "\xe2\x81\xa6" && control <= "\xe2\x81\xa9"));
}

constexpr char embedding = 'e', isolate = 'i';

// U+202A, 202B, 202D and 202E begin an embedding or override, U+2066 to 2068 an isolate.
void note_control(std::string& open, std::string_view control) {
    if (control == "\xe2\x80\xaa" || control == "\xe2\x80\xab" || control == "\xe2\x80\xad" ||
        control == "\xe2\x80\xae")
        open += embedding;
    else if (control == "\xe2\x81\xa6" || control == "\xe2\x81\xa7" || control == "\xe2\x81\xa8")
        open += isolate;
    else if (control == "\xe2\x80\xac" && open.ends_with(embedding)) // U+202C
        open.pop_back();
    else if (control == "\xe2\x81\xa9" && open.find(isolate) != std::string::npos) // U+2069 ends what is inside, too
        open.resize(open.rfind(isolate));
}

} // namespace

std::string_view with_directions_ended(std::string_view text, std::string& room) {
    std::string open;
    for (auto at = text.find('\xe2'); at != std::string_view::npos; at = text.find('\xe2', at + 1))
        note_control(open, text.substr(at, 3));
    if (open.empty())
        return text;
    room = std::string(text);
    for (; !open.empty(); open.pop_back())
        room += open.back() == embedding ? "\xe2\x80\xac" : "\xe2\x81\xa9";
    return room;
}

std::string file_name_without_directions(std::string_view name) {
    std::string made;
    while (!name.empty()) {
        const bool change = is_change(name.substr(0, 3));
        made += change ? '_' : name.front();
        name.remove_prefix(change ? 3 : 1);
    }
    return made;
}

} // namespace infra::email
