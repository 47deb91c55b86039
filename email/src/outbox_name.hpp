#pragma once

/// How the files of an outbox are named: `20261123T041819.123Z-<id>.eml`. Pure.

#include <infra/base/time.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace infra::email {

/// Names sort by time as text.
std::string outbox_name(wall_time date, std::string_view id);

/// Of a name that outbox_name() made; empty for another.
std::string id_in_name(std::string_view name);
std::optional<wall_time> time_in_name(std::string_view name);

} // namespace infra::email
