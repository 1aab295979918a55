using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Symbolicator.Service.Configuration;

/// <summary>
/// One mapping of the configuration file, or its absence. Reading a key makes it known; <see cref="ReportUnknown"/>
/// then warns of every key that nobody asked for. Messages carry path and line.
/// </summary>
internal sealed class ConfigSection
{
    private readonly YamlMappingNode? _node;
    private readonly string _path;
    private readonly ConfigContext _context;
    private readonly Dictionary<string, ConfigSection> _children = new(StringComparer.Ordinal);
    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public ConfigSection(YamlMappingNode? node, string path, ConfigContext context)
    {
        _node = node;
        _path = path;
        _context = context;
    }

    /// <summary>True when the file has this section.</summary>
    public bool Exists => _node is not null;

    public ConfigSection Section(string key)
    {
        if (_children.TryGetValue(key, out var known))
        {
            return known;
        }

        var node = Find(key);
        var child = node switch
        {
            null => new ConfigSection(null, PathOf(key), _context),
            YamlMappingNode mapping => new ConfigSection(mapping, PathOf(key), _context),
            _ => throw Error(key, node, "a mapping"),
        };
        _children.Add(key, child);
        return child;
    }

    /// <summary>The raw node, for sections with a reader of their own; null when absent or null.</summary>
    public YamlNode? Node(string key) => Find(key);

    public string? OptionalText(string key, string? whenAbsent = null) =>
        TryScalar(key, out var node, out string? text) ? text : node is null ? whenAbsent : null;

    public string Text(string key, string whenAbsent) => OptionalText(key) ?? whenAbsent;

    public bool Flag(string key, bool whenAbsent) => Parse(key, whenAbsent, "true or false", static (string text, out bool value) =>
    {
        value = text is "true" or "True" or "TRUE";
        return value || text is "false" or "False" or "FALSE";
    });

    public int Integer(string key, int whenAbsent, int min, int max = int.MaxValue) =>
        OptionalInteger(key, whenAbsent, min, max) ?? whenAbsent;

    /// <summary>Null in the file means no limit.</summary>
    public int? OptionalInteger(string key, int? whenAbsent, int min, int max = int.MaxValue) =>
        ParseOptional(key, whenAbsent, $"a whole number from {min} to {max}", (string text, out int value) =>
            int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value) && value >= min && value <= max);

    public TimeSpan Duration(string key, TimeSpan whenAbsent, bool allowZero = false) =>
        OptionalDuration(key, whenAbsent, allowZero) ?? whenAbsent;

    /// <summary>Null in the file means forever.</summary>
    public TimeSpan? OptionalDuration(string key, TimeSpan? whenAbsent, bool allowZero = true) =>
        ParseOptional(key, whenAbsent, "a duration such as '90s', '15m', '1h 30m' or '7d'", (string text, out TimeSpan value) =>
            HumanDuration.TryParse(text, out value) && (allowZero || value > TimeSpan.Zero));

    public long Bytes(string key, long whenAbsent, long min = 1) => OptionalBytes(key, whenAbsent, min) ?? whenAbsent;

    /// <summary>Null in the file means no limit.</summary>
    public long? OptionalBytes(string key, long? whenAbsent, long min = 1) =>
        ParseOptional(key, whenAbsent, $"a size of at least {min}, such as '1048576', '55 MiB' or '15 GiB'", (string text, out long value) =>
            ByteSize.TryParse(text, out value) && value >= min);

    public T Choice<T>(string key, T whenAbsent, params (string Name, T Value)[] choices)
        where T : struct =>
        Parse(key, whenAbsent, "one of " + string.Join(", ", choices.Select(choice => choice.Name)), (string text, out T value) =>
        {
            int index = Array.FindIndex(choices, choice => choice.Name == text);
            value = index < 0 ? default : choices[index].Value;
            return index >= 0;
        });

    public IReadOnlyList<string> Texts(string key)
    {
        var node = Find(key);
        return node switch
        {
            null => [],
            YamlSequenceNode list => [.. list.Children.Select((item, index) =>
                item is YamlScalarNode scalar && !IsNull(scalar)
                    ? Expand(scalar, $"{PathOf(key)}[{index}]")
                    : throw Error(key, item, "a list of texts"))],
            _ => throw Error(key, node, "a list of texts"),
        };
    }

    /// <summary>Says at start that a key is understood but changes nothing in this version.</summary>
    public void WithoutEffect(params ReadOnlySpan<string> keys)
    {
        foreach (string key in keys)
        {
            if (Find(key) is { } node)
            {
                _context.Warn($"{PathOf(key)} (line {node.Start.Line}) is accepted but has no effect in this version");
            }
        }
    }

    /// <summary>Warns of keys that nobody asked for, here and below. Call when everything has been read.</summary>
    public void ReportUnknown()
    {
        foreach (var key in (_node?.Children.Keys ?? []).OfType<YamlScalarNode>())
        {
            string name = key.Value ?? "";
            if (!_known.Contains(name))
            {
                string? nearest = NearestName.Find(name, _known);
                string hint = nearest is null ? "" : $"; did you mean '{nearest}'?";
                _context.Warn($"unknown key {PathOf(name)} (line {key.Start.Line}) is ignored{hint}");
            }
        }

        foreach (var child in _children.Values)
        {
            child.ReportUnknown();
        }
    }

    /// <summary>An error at a key of this section.</summary>
    public ConfigException Error(string key, string expected) => Error(key, Find(key), expected);

    private delegate bool Parser<T>(string text, out T value);

    private T Parse<T>(string key, T whenAbsent, string expected, Parser<T> parse)
        where T : struct => ParseOptional(key, whenAbsent, expected, parse) ?? whenAbsent;

    private T? ParseOptional<T>(string key, T? whenAbsent, string expected, Parser<T> parse)
        where T : struct
    {
        if (!TryScalar(key, out var node, out string? text))
        {
            return node is null ? whenAbsent : null;
        }

        return parse(text, out var value) ? value : throw Error(key, node, expected);
    }

    /// <summary>False when the key is absent (<paramref name="node"/> null) or null.</summary>
    private bool TryScalar(string key, out YamlNode? node, [NotNullWhen(true)] out string? text)
    {
        text = null;
        node = FindWithNull(key);
        if (node is null)
        {
            return false;
        }

        if (node is not YamlScalarNode scalar)
        {
            throw Error(key, node, "a single value");
        }

        if (IsNull(scalar))
        {
            return false;
        }

        text = Expand(scalar, PathOf(key));
        return true;
    }

    private string Expand(YamlScalarNode scalar, string path) => _context.Expand(scalar.Value ?? "", $"{path} (line {scalar.Start.Line})");

    private YamlNode? Find(string key) => FindWithNull(key) is { } node && !(node is YamlScalarNode scalar && IsNull(scalar)) ? node : null;

    private YamlNode? FindWithNull(string key)
    {
        _known.Add(key);
        return _node is not null && _node.Children.TryGetValue(new YamlScalarNode(key), out var node) ? node : null;
    }

    private string PathOf(string key) => _path.Length == 0 ? key : $"{_path}.{key}";

    private ConfigException Error(string key, YamlNode? node, string expected) =>
        new($"{PathOf(key)}{(node is null ? "" : $" (line {node.Start.Line})")}: expected {expected}");

    private static bool IsNull(YamlScalarNode scalar) =>
        scalar.Style == ScalarStyle.Plain && scalar.Value is (null or "" or "~" or "null" or "Null" or "NULL");
}
