// A program with many templates and inlined calls, so that random addresses meet deep inline chains.
#include <algorithm>
#include <deque>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <map>
#include <memory>
#include <numeric>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>

namespace shop {

struct Item {
    std::string name;
    double price;
    std::vector<std::string> tags;
    bool operator<(const Item &o) const { return std::tie(name, price) < std::tie(o.name, o.price); }
};

template <class Key, class Compare>
std::vector<Item> sorted(std::vector<Item> items, Key key, Compare compare) {
    std::stable_sort(items.begin(), items.end(), [&](const Item &a, const Item &b) { return compare(key(a), key(b)); });
    return items;
}

class Visitor {
  public:
    virtual ~Visitor() = default;
    virtual void visit(const Item &item) = 0;
};

class Total final : public Visitor {
    double sum_ = 0;
    std::map<std::string, std::set<Item>> by_tag_;

  public:
    void visit(const Item &item) override {
        sum_ += item.price;
        for (const auto &tag : item.tags)
            by_tag_[tag].insert(item);
    }
    void print(std::ostream &out) const {
        for (const auto &[tag, items] : by_tag_) {
            out << tag << ':';
            for (const auto &item : items)
                out << ' ' << item.name << '=' << item.price;
            out << '\n';
        }
        out << sum_ << '\n';
    }
};

std::vector<Item> parse(std::istream &in) {
    static const std::regex line("([a-z ]+)\\s*;\\s*([0-9.]+)\\s*;\\s*((?:[a-z]+,?)*)", std::regex::icase);
    std::vector<Item> items;
    std::string text;
    while (std::getline(in, text)) {
        std::smatch m;
        if (!std::regex_match(text, m, line))
            throw std::runtime_error("bad line: " + text);
        Item item{m[1], std::stod(m[2]), {}};
        std::stringstream tags(m[3]);
        for (std::string tag; std::getline(tags, tag, ',');)
            item.tags.push_back(tag);
        items.push_back(std::move(item));
    }
    return items;
}

using Value = std::variant<int, double, std::string, std::vector<int>>;

std::string show(const Value &value) {
    return std::visit([](const auto &v) -> std::string {
        using T = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<T, std::string>)
            return v;
        else if constexpr (std::is_same_v<T, std::vector<int>>)
            return std::to_string(std::accumulate(v.begin(), v.end(), 0));
        else
            return std::to_string(v);
    }, value);
}

} // namespace shop

int main(int argc, char **argv) {
    std::vector<std::future<double>> work;
    std::mt19937_64 random(argc);
    std::unordered_map<std::string, std::deque<shop::Value>> table;
    for (int i = 0; i < 4; i++)
        work.push_back(std::async(std::launch::async, [seed = random()] {
            std::mt19937 g(static_cast<unsigned>(seed));
            std::normal_distribution<double> d(1, 2);
            std::vector<double> v(1000);
            std::generate(v.begin(), v.end(), [&] { return d(g); });
            std::nth_element(v.begin(), v.begin() + 500, v.end());
            return v[500];
        }));
    try {
        std::ifstream file(argc > 1 ? argv[1] : "/dev/null");
        auto items = shop::sorted(shop::parse(file), [](const shop::Item &i) { return i.price; }, std::greater<>());
        std::unique_ptr<shop::Visitor> total = std::make_unique<shop::Total>();
        for (const auto &item : items) {
            total->visit(item);
            table[item.name].push_back(item.price);
            table[item.name].push_front(std::string("x") + item.name);
        }
        static_cast<shop::Total &>(*total).print(std::cout);
    } catch (const std::exception &e) {
        std::cerr << e.what() << '\n';
    }
    for (auto &[name, values] : table)
        for (auto &value : values)
            std::cout << name << ' ' << shop::show(value) << '\n';
    for (auto &w : work)
        std::cout << w.get() << '\n';
}
