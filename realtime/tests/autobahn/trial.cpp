#include "trial.hpp"

#include <functional>

namespace infra::realtime::websocket::autobahn {

std::string shortened(std::string line) {
    constexpr std::size_t longest = 80;
    if (line.size() <= longest)
        return line;
    const auto rest = std::string_view(line).substr(longest);
    return line.substr(0, longest) + "… and " + std::to_string(rest.size()) + " bytes of hash " +
           std::to_string(std::hash<std::string_view>()(rest));
}

std::string repeated(std::string_view bytes, std::size_t size) {
    std::string made;
    made.reserve(size + bytes.size());
    while (made.size() < size)
        made += bytes;
    made.resize(size);
    return made;
}

std::string raw_frame(unsigned first, std::string_view payload) {
    auto frame = from_client(opcode::text, payload);
    frame[0] = static_cast<char>(first);
    return frame;
}

namespace {

std::size_t frame_size(std::string_view bytes) {
    const auto at = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    const auto length = at(1) & 0x7F;
    return length < 126 ? 6 + length : 8 + (at(2) << 8 | at(3));
}

} // namespace

std::vector<std::string_view> chops_of(const step& s) {
    std::vector<std::string_view> chops;
    for (std::string_view left = s.bytes; !left.empty(); left.remove_prefix(chops.back().size()))
        chops.push_back(left.substr(0, s.chop == frames ? frame_size(left) : s.chop));
    return chops;
}

script answered(std::string bytes, std::vector<std::string> heard, std::size_t chop) {
    for (auto& line : heard)
        line = shortened(std::move(line));
    const auto lines = heard.size();
    return {{{std::move(bytes), chop, lines}, {close_of(1000)}}, std::move(heard), {1000}};
}

script refused(std::string bytes, unsigned code, std::vector<std::string> heard, std::size_t chop) {
    return {{{std::move(bytes), chop}}, std::move(heard), {code}};
}

} // namespace infra::realtime::websocket::autobahn
