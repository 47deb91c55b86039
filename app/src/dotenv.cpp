#include <infra/app/dotenv.hpp>

#include <infra/base/error.hpp>
#include <infra/runtime/regular_file.hpp>

#include <algorithm>
#include <filesystem>
#include <optional>

namespace infra::app {
namespace {

bool is_name_character(char c) noexcept {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool is_name(std::string_view text) noexcept {
    return !text.empty() && !(text.front() >= '0' && text.front() <= '9') &&
           std::ranges::all_of(text, is_name_character);
}

std::string_view trimmed(std::string_view text) noexcept {
    constexpr std::string_view space = " \t\r";
    text.remove_prefix(std::min(text.find_first_not_of(space), text.size()));
    text.remove_suffix(text.size() - (text.find_last_not_of(space) + 1));
    return text;
}

/// Reads a file from its beginning to its end; knows in which line it is.
class reader {
public:
    reader(std::string_view text, std::string_view file) : left_(text), file_(file) {}

    dotenv read() {
        while (!left_.empty())
            read_line();
        return {.values = environment(std::move(values_)), .problems = std::move(problems_)};
    }

private:
    void read_line() {
        const auto begin = line_;
        auto line = trimmed(left_.substr(0, left_.find('\n')));
        if (line.empty() || line.front() == '#')
            return skip_line();
        if (line.starts_with("export ") || line.starts_with("export\t"))
            line = trimmed(line.substr(7));
        const auto name = trimmed(line.substr(0, line.find('=')));
        if (line.find('=') == std::string_view::npos || !is_name(name))
            return complain(begin, "expected NAME=value");
        left_.remove_prefix(left_.find('=') + 1);
        if (auto value = read_value(begin))
            values_.insert_or_assign(std::string(name), *std::move(value));
    }

    std::optional<std::string> read_value(std::size_t begin) {
        left_.remove_prefix(std::min(left_.find_first_not_of(" \t"), left_.size()));
        const char quote = left_.empty() ? '\n' : left_.front();
        if (quote == '"' || quote == '\'' || quote == '`')
            return read_quoted(begin, quote);
        auto value = left_.substr(0, left_.find('\n'));
        skip_line();
        const auto comment = std::min(value.find(" #"), value.find("\t#"));
        value = trimmed(value.starts_with('#') ? std::string_view() : value.substr(0, comment));
        return std::string(value);
    }

    std::optional<std::string> read_quoted(std::size_t begin, char quote) {
        std::string value;
        std::size_t at = 1;
        for (; at < left_.size() && left_[at] != quote; ++at) {
            const bool is_escape = quote == '"' && left_[at] == '\\' && at + 1 < left_.size();
            value += is_escape ? escaped(left_[++at], value) : left_[at];
        }
        if (at == left_.size()) {
            complain(begin, "the quote is not closed");
            left_ = {};
            return std::nullopt;
        }
        line_ += static_cast<std::size_t>(std::ranges::count(left_.substr(0, at), '\n'));
        left_.remove_prefix(at + 1);
        const auto rest = trimmed(left_.substr(0, left_.find('\n')));
        if (!rest.empty() && !rest.starts_with('#')) {
            complain(line_, "expected nothing behind the closing quote");
            return std::nullopt;
        }
        skip_line();
        return value;
    }

    // Of others the backslash stays.
    static char escaped(char c, std::string& before) {
        if (c == 'n')
            return '\n';
        if (c == 'r')
            return '\r';
        if (c == 't')
            return '\t';
        if (c != '"' && c != '\\' && c != '$')
            before += '\\';
        return c;
    }

    void skip_line() {
        const auto end = left_.find('\n');
        left_.remove_prefix(end == std::string_view::npos ? left_.size() : end + 1);
        ++line_;
    }

    // What stands there may be a secret on the wrong line.
    void complain(std::size_t line, std::string_view what) {
        problems_.push_back(std::string(file_) + ":" + std::to_string(line) + ": " + std::string(what));
        if (!left_.empty())
            skip_line();
    }

    std::string_view left_;
    std::string_view file_;
    std::size_t line_ = 1;
    environment::variables values_;
    std::vector<std::string> problems_;
};

bool is_production(const environment& process) {
    return process.get_or(process.has("APP_ENV") ? "APP_ENV" : "NODE_ENV", "") == "production";
}

} // namespace

dotenv parse_dotenv(std::string_view text, std::string_view file) {
    constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
    if (text.starts_with(byte_order_mark))
        text.remove_prefix(byte_order_mark.size());
    if (text.find('\0') != std::string_view::npos)
        return {.values = {}, .problems = {std::string(file) + ": is no text"}};
    return reader(text, file).read();
}

dotenv read_dotenv(const environment& process, const std::string& file) {
    std::error_code absent;
    try {
        return is_production(process) || !std::filesystem::exists(file, absent) ? dotenv() : read_env_file(file);
    } catch (const error& e) { // APP_ENV_FILE cannot be read
        return {.values = {}, .problems = {e.what()}};
    }
}

dotenv read_env_file(const std::string& file) {
    constexpr std::size_t most = 64 * 1024;
    try {
        const auto beginning = read_beginning(file, most + 1);
        if (beginning.text.size() > most)
            return {.values = {}, .problems = {file + ": is larger than 64 KiB"}};
        return parse_dotenv(beginning.text, file);
    } catch (const error& e) {
        return {.values = {}, .problems = {file + ": " + e.what()}};
    }
}

} // namespace infra::app
