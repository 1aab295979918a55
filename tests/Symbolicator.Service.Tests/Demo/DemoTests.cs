using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Symbolicator.Service.Commands;

namespace Symbolicator.Service.Tests.Demo;

/// <summary>The README's first command, as a person runs it.</summary>
public sealed class DemoTests
{
    private static readonly TimeSpan Guard = TimeSpan.FromMinutes(2);

    [Fact]
    public async Task It_prints_the_crash_and_its_stack_and_ends()
    {
        string output = await RunAsync();

        Assert.Contains("SIGSEGV / SEGV_MAPERR / 0x8", output, StringComparison.Ordinal);

        // What gdb says of the same core: discount_of, apply_discount and order_total are one frame.
        string[] expected =
        [
            "0  discount_of (orders.c:8) [inline]",
            "0  apply_discount (orders.c:12) [inline]",
            "0  order_total (orders.c:19) [context]",
        ];
        string[] lines = [.. output.Split('\n').Select(line => line.Trim())];
        int first = Array.IndexOf(lines, expected[0]);
        Assert.Equal(expected, lines.Skip(first).Take(expected.Length));
        Assert.Contains(lines, line => line.StartsWith("2  main (checkout.c:", StringComparison.Ordinal));
        Assert.Contains("curl -F upload_file_minidump=@", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_takes_another_port_when_the_usual_one_is_busy()
    {
        using var busy = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            busy.Bind(new IPEndPoint(IPAddress.Loopback, 3021));
            busy.Listen();
        }
        catch (SocketException)
        {
            // Another process has it: just as busy.
        }

        string output = await RunAsync();

        Assert.DoesNotContain("127.0.0.1:3021", output, StringComparison.Ordinal);
        Assert.Contains("order_total", output, StringComparison.Ordinal);
    }

    private static async Task<string> RunAsync()
    {
        string assembly = typeof(RunCommand).Assembly.Location;
        using var demo = Process.Start(new ProcessStartInfo("dotnet", [assembly, "demo", "--once"]) { RedirectStandardOutput = true })!;
        try
        {
            using var guard = new CancellationTokenSource(Guard);
            string output = await demo.StandardOutput.ReadToEndAsync(guard.Token);
            await demo.WaitForExitAsync(guard.Token);
            Assert.Equal(0, demo.ExitCode);
            return output;
        }
        finally
        {
            if (!demo.HasExited)
            {
                demo.Kill();
            }
        }
    }
}
