#include <infra/redis/command.hpp>

#include <infra/base/error.hpp>

#include <charconv>
#include <iterator>

namespace infra::redis {
namespace {

// proto-max-bulk-len's default, beyond which a server hangs up.
constexpr std::size_t max_word = std::size_t{512} * 1024 * 1024;
constexpr std::size_t room_for_header = 16; // "$…\r\n" and the final "\r\n" of nearly every word

template <class Number>
std::size_t write_digits(char* to, std::size_t size, Number number) noexcept {
    return static_cast<std::size_t>(std::to_chars(to, to + size, number).ptr - to);
}

void append_header(std::string& out, char mark, std::size_t number) {
    char text[24] = {mark};
    const auto size = 1 + write_digits(text + 1, sizeof text - 3, number);
    text[size] = '\r';
    text[size + 1] = '\n';
    out.append(text, size + 2);
}

} // namespace

word::word(double number) noexcept : size_(write_digits(digits_, sizeof digits_, number)) {}
void word::write(std::int64_t number) noexcept { size_ = write_digits(digits_, sizeof digits_, number); }
void word::write(std::uint64_t number) noexcept { size_ = write_digits(digits_, sizeof digits_, number); }

command::command(std::initializer_list<word> words) {
    if (words.size() == 0 || words.begin()->view().empty())
        throw error(infra::errc::invalid_input, "a Redis command must begin with a name");
    std::size_t size = 0;
    for (const auto& each : words)
        size += each.view().size() + room_for_header;
    body_.reserve(size);
    for (const auto& each : words)
        add(each);
}

command& command::add(const word& w) {
    const auto text = w.view();
    if (text.size() > max_word)
        throw error(infra::errc::invalid_input,
                    "a word of a Redis command is longer than 512 MiB, which no server takes");
    append_header(body_, '$', text.size());
    body_.append(text);
    body_.append("\r\n", 2);
    ++count_;
    return *this;
}

std::vector<std::string_view> command::words() const {
    std::vector<std::string_view> out;
    out.reserve(count_);
    const std::string_view all = body_;
    for (std::size_t at = 0; at < all.size();) {
        std::size_t size = 0;
        const auto* const digits = all.data() + at + 1;
        const auto begin =
            static_cast<std::size_t>(std::from_chars(digits, all.data() + all.size(), size).ptr - all.data()) + 2;
        out.push_back(all.substr(begin, size));
        at = begin + size + 2;
    }
    return out;
}

std::string_view command::name() const noexcept {
    std::size_t size = 0;
    const char* const end = body_.data() + body_.size();
    const char* const after = std::from_chars(body_.data() + 1, end, size).ptr;
    return {after + 2, size};
}

std::size_t command::encoded_size() const noexcept {
    char digits[24];
    return 3 + write_digits(digits, sizeof digits, count_) + body_.size();
}

void command::encode_to(std::string& out) const {
    append_header(out, '*', count_);
    out.append(body_);
}

} // namespace infra::redis
