using System.Text.Json;
using System.Text.Json.Nodes;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Engine.Sources;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Symbolicator.Service.Configuration;

/// <summary>
/// Reads <c>sources</c> of the configuration file with the reader of requests, so that both understand the same:
/// the YAML is turned into JSON first.
/// </summary>
internal static class SourceList
{
    private const int MaxDepth = 16;

    public static IReadOnlyList<SourceConfig> FromYaml(YamlNode? node, ConfigContext context)
    {
        if (node is null)
        {
            return [];
        }

        if (node is not YamlSequenceNode list)
        {
            throw new ConfigException($"sources (line {node.Start.Line}): expected a list of sources");
        }

        var sources = new List<SourceConfig>();
        for (int i = 0; i < list.Children.Count; i++)
        {
            string path = $"sources[{i}]";
            var source = ReadSource(list.Children[i], path, context);
            if (sources.Exists(other => other.Id == source.Id))
            {
                throw new ConfigException($"{path} (line {list.Children[i].Start.Line}): the id '{source.Id}' is used twice");
            }

            Announce(source, path, context);
            sources.Add(source);
        }

        return sources;
    }

    private static SourceConfig ReadSource(YamlNode node, string path, ConfigContext context)
    {
        var json = ToJson(node, path, context, depth: 0);
        try
        {
            return json.Deserialize(WireJson.Context.SourceConfig)
                ?? throw new ConfigException($"{path} (line {node.Start.Line}): expected a source");
        }
        catch (Exception e) when (e is JsonException or NotSupportedException or InvalidOperationException)
        {
            // Names the member but no value: values may be secrets.
            throw new ConfigException($"{path} (line {node.Start.Line}): {e.Message}");
        }
    }

    private static void Announce(SourceConfig source, string path, ConfigContext context)
    {
        if (source is not (FileSystemSourceConfig or HttpSourceConfig))
        {
            context.Warn($"{path}: sources of this type are not asked in this version");
        }
        else if (source is LayoutSourceConfig { HasIndex: true })
        {
            context.Warn($"{path}.has_index is accepted but has no effect in this version");
        }
    }

    private static JsonNode? ToJson(YamlNode node, string path, ConfigContext context, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new ConfigException($"{path} (line {node.Start.Line}): nested too deeply");
        }

        switch (node)
        {
            case YamlMappingNode mapping:
                var members = new JsonObject();
                foreach (var (key, value) in mapping.Children)
                {
                    string name = (key as YamlScalarNode)?.Value ?? "";
                    members[name] = ToJson(value, $"{path}.{name}", context, depth + 1);
                }

                return members;
            case YamlSequenceNode sequence:
                return new JsonArray([.. sequence.Children.Select((item, i) => ToJson(item, $"{path}[{i}]", context, depth + 1))]);
            case YamlScalarNode { Style: ScalarStyle.Plain, Value: null or "" or "~" or "null" }:
                return null;
            case YamlScalarNode { Style: ScalarStyle.Plain, Value: "true" or "false" } flag:
                return JsonValue.Create(flag.Value == "true");
            default:
                // No member of a source is a number: what looks like one is text.
                string text = context.Expand(((YamlScalarNode)node).Value ?? "", $"{path} (line {node.Start.Line})");
                return text is "true" or "false" && ((YamlScalarNode)node).Style == ScalarStyle.Plain
                    ? JsonValue.Create(text == "true")
                    : JsonValue.Create(text);
        }
    }
}
