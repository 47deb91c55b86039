#pragma once

// How jobs ended, as words of a call of scripts/work.lua: what those that ended alike share is said once.

#include "work.hpp"

#include <initializer_list>
#include <string>
#include <vector>

namespace infra::queue::redis_backend {

/// As the script's struct.unpack reads them: each number as a word of its own costs the server as much as a look into a small hash.
std::string packed(std::initializer_list<double> numbers);

/// Places among those that ended.
using alike_ends = std::vector<std::size_t>;
std::vector<alike_ends> grouped(const std::vector<ended_job>& ended);

/// `queue`: the number that the call has for theirs.
std::vector<std::string> words_of(const std::vector<ended_job>& ended, const alike_ends& alike, std::size_t queue);

void put_keep(std::vector<std::string>& into, const keep& k);

} // namespace infra::queue::redis_backend
