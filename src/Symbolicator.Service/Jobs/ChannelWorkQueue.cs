using System.Threading.Channels;

namespace Symbolicator.Service.Jobs;

/// <summary>A queue inside this process. Admission bounds its length.</summary>
internal sealed class ChannelWorkQueue : IWorkQueue
{
    private readonly Channel<Guid> _channel = Channel.CreateUnbounded<Guid>(new UnboundedChannelOptions { SingleReader = true });

    public ValueTask EnqueueAsync(Guid id, CancellationToken ct) => _channel.Writer.WriteAsync(id, ct);

    public IAsyncEnumerable<Guid> ReadAllAsync(CancellationToken ct) => _channel.Reader.ReadAllAsync(ct);
}
