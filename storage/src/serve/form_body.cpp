#include "form_body.hpp"

#include "refusal.hpp"

#include <utility>

namespace infra::storage::serve {

form_body::form_body(http::body_reader from, std::string_view boundary, std::uint64_t most)
    : from_(from), form_(boundary) {
    constexpr std::uint64_t around =
        2 * form_splitter::max_before_file; // fields, delimiters, and what follows the file
    from_.set_limit(most + around);
}

awaitable<sigv4::fields> form_body::read_fields() {
    sigv4::fields fields;
    while (true) {
        while (auto item = form_.next()) {
            if (item->is_file) {
                file_ = std::move(*item);
                co_return fields;
            }
            fields.emplace_back(std::move(item->name), std::move(item->value));
        }
        co_await feed();
    }
}

awaitable<std::string> form_body::next() {
    while (true) {
        if (auto bytes = form_.next_bytes()) {
            check_->update(*bytes);
            co_return std::move(*bytes);
        }
        if (form_.is_over())
            break;
        co_await feed();
    }
    check_->finish();
    co_return std::string();
}

awaitable<void> form_body::feed() {
    const auto piece = co_await from_.read();
    if (piece.empty())
        throw refused(400, "IncompleteBody", "The form ends before its file does.");
    form_.feed(piece);
}

} // namespace infra::storage::serve
