using System.Text.Json.Serialization;
using Symbolicator.Engine.Contracts.Json;
using Symbolicator.Formats.Model;

namespace Symbolicator.Engine.Contracts;

/// <summary>The machine a report comes from. Unknown texts are empty, never absent.</summary>
public sealed record SystemInfo
{
    public string OsName { get; set; } = "";

    public string OsVersion { get; set; } = "";

    public string OsBuild { get; set; } = "";

    [JsonConverter(typeof(ArchConverter))]
    public Arch CpuArch { get; init; }

    public string DeviceModel { get; set; } = "";
}
