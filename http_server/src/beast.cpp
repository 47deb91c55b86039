// Beast's own sources, compiled once for everybody who links infra::http_server (BOOST_BEAST_SEPARATE_COMPILATION).
#include <boost/beast/src.hpp>
