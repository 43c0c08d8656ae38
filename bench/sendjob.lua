-- Load for wrk: SendJob, one SMS of 160 characters to one number, each with a reference of its own.
-- Arguments: first reference, account, password, SendDateTime. Prints what was answered as one line of JSON.

local HEAD = "POST /xmlws.exe/soap/IntfXMLWS HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/xml; charset=utf-8\r\n"
    .. 'SOAPAction: "urn:XMLWSIntf-IntfXMLWS#SendJob"\r\nContent-Length: %d\r\n\r\n'
local BODY = '<?xml version="1.0" encoding="utf-8"?><SOAP-ENV:Envelope'
    .. ' xmlns:SOAP-ENV="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
    .. ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    .. '<SOAP-ENV:Body SOAP-ENV:encodingStyle="http://schemas.xmlsoap.org/soap/encoding/">'
    .. '<NS1:SendJob xmlns:NS1="urn:XMLWSIntf-IntfXMLWS">'
    .. '<Account xsi:type="xsd:string">%s</Account><Password xsi:type="xsd:string">%s</Password>'
    .. '<JobType xsi:type="xsd:int">1</JobType><Recipient xsi:type="xsd:string">+491713920000[%%09d]</Recipient>'
    .. '<RecipientFile xsi:type="xsd:base64Binary"/><SendText xsi:type="xsd:string">%s</SendText>'
    .. '<SendFilename1 xsi:type="xsd:string"/><SendFile1 xsi:type="xsd:base64Binary"/>'
    .. '<SendFilename2 xsi:type="xsd:string"/><SendFile2 xsi:type="xsd:base64Binary"/>'
    .. '<SendFilename3 xsi:type="xsd:string"/><SendFile3 xsi:type="xsd:base64Binary"/>'
    .. '<SendDateTime xsi:type="xsd:dateTime">%s</SendDateTime><Options xsi:type="xsd:string"/>'
    .. '</NS1:SendJob></SOAP-ENV:Body></SOAP-ENV:Envelope>'
local TEXT = string.rep("Ihr Termin ist morgen um zehn Uhr. Bitte ", 4):sub(1, 160)

local threads = {}

function setup(thread)
    table.insert(threads, thread)
end

function init(arguments)
    local first, account, password, due = unpack(arguments)
    reference = tonumber(first)
    local body = BODY:format(account, password, TEXT, due)
    request_text = HEAD:format(#body:format(0)) .. body
    jobs, refused, example = {}, 0, ""
end

function request()
    reference = reference + 1
    return request_text:format(reference)
end

function response(status, headers, body)
    local job = status == 200 and body:match("<return[^>]*>0</return>%s*<JobId[^>]*>(%d+)</JobId>")
    if job then
        jobs[#jobs + 1] = job
    else
        refused, example = refused + 1, body:sub(-300)
    end
end

function done(summary, latency)
    local thread = threads[1]
    local errors = summary.errors
    local failed = errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format(
        '{"seconds": %f, "p50": %f, "p99": %f, "failed": %d, "refused": %d, "last": %d, "example": %q, "jobs": [%s]}\n',
        summary.duration / 1e6, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3, failed,
        thread:get("refused"), thread:get("reference"), thread:get("example"):gsub("%s", " "),
        table.concat(thread:get("jobs"), ",")))
end
