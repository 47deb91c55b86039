#include <infra/storage/object.hpp>

#include <utility>

namespace infra::storage {

awaitable<std::string> object_reader::read() {
    if (!pieces_)
        co_return std::string();
    const auto from = std::exchange(pieces_, {}); // nobody is asked again after a throw
    auto piece = co_await from();
    if (!piece.empty())
        pieces_ = from;
    co_return piece;
}

} // namespace infra::storage
